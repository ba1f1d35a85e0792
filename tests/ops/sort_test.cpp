#include "strata/ops/sort.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/local_norm.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using Values = std::vector<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Sort, NanIsTheLargestAndZerosAreEqual) {
  const Tensor x = tensor<double>({kNan, 0.0, -kInfinity, -0.0, 3, kInfinity, kNan, -2});
  for (const DType t : {DType::f64, DType::f32, DType::bf16, DType::f16}) {
    EXPECT_EQ(argsort(cast(x, t)).to_vector<double>(), (Values{2, 7, 1, 3, 4, 5, 0, 6}));
    EXPECT_EQ(argsort(cast(x, t), 0, true).to_vector<double>(), (Values{0, 6, 5, 4, 1, 3, 7, 2}));
  }
}

TEST(Sort, IntegersToTheirLimits) {
  constexpr auto kLeast = std::numeric_limits<int64_t>::min();
  const Tensor x = tensor<int64_t>({0, kLeast, -1, std::numeric_limits<int64_t>::max(), 1});
  EXPECT_EQ(argsort(x).to_vector<double>(), (Values{1, 2, 0, 4, 3}));
  EXPECT_EQ(sort(tensor<int8_t>({5, -128, 127})).values.to_vector<double>(),
            (Values{-128, 5, 127}));
  EXPECT_EQ(sort(tensor<uint8_t>({5, 200, 127})).values.to_vector<double>(), (Values{5, 127, 200}));
  EXPECT_EQ(argsort(cast(tensor<int32_t>({1, 0, 1}), DType::boolean)).to_vector<double>(),
            (Values{1, 0, 2}));
}

TEST(Sort, LongRowsKeepTheOrderOfEqualOnes) {
  const Tensor x = randint(-300, 300, {2, 5000}, DType::i32);
  for (const DType t : {DType::i32, DType::i64, DType::f64}) {
    const Sorted s = sort(cast(x, t), 1);
    const auto v = s.values.to_vector<double>();
    const auto at = s.indices.to_vector<int64_t>();
    for (size_t i = 1; i < v.size(); ++i) {
      if (i == 5000) continue;
      ASSERT_TRUE(v[i - 1] < v[i] || (v[i - 1] == v[i] && at[i - 1] < at[i])) << i;
    }
    EXPECT_EQ(gather(cast(x, t), 1, s.indices).to_vector<double>(), v);
  }
}

TEST(Sort, ScalarsAndNothing) {
  EXPECT_EQ(sort(scalar(3.0F)).values.item<float>(), 3.0F);
  EXPECT_EQ(sort(scalar(3.0F)).indices.item<int64_t>(), 0);
  EXPECT_EQ(sort(zeros({0, 3}), 0).values.shape(), (Shape{0, 3}));
  EXPECT_THROW(sort(zeros({2}), 1), IndexError);
}

TEST(Unique, CountsEachValue) {
  const Unique u = unique(tensor<int64_t>({3, 1, 3, 2, 1, 3}, {2, 3}));
  EXPECT_EQ(u.values.to_vector<double>(), (Values{1, 2, 3}));
  EXPECT_EQ(u.inverse.to_vector<double>(), (Values{2, 0, 2, 1, 0, 2}));
  EXPECT_EQ(u.inverse.shape(), (Shape{2, 3}));
  EXPECT_EQ(u.counts.to_vector<double>(), (Values{2, 1, 3}));
  const Unique odd = unique(tensor<double>({kNan, 1, kNan}));
  EXPECT_EQ(odd.values.numel(), 3);
  EXPECT_EQ(odd.counts.to_vector<double>(), (Values{1, 1, 1}));
  EXPECT_EQ(unique(zeros({0, 2}, DType::u8)).values.numel(), 0);
  EXPECT_EQ(unique(scalar(true)).values.dtype(), DType::boolean);
  EXPECT_THROW(unique(zeros({2}, DType::f32, kMeta)), DeviceError);
}

TEST(Unique, AlongAnAxis) {
  // torch.unique(x, dim=0 and 1, return_inverse=True, return_counts=True)
  const Tensor x = tensor<int64_t>({2, 1, 2, 0, 3, 0, 2, 1, 2, 0, 1, 0}, {4, 3});
  const Unique rows = unique(x, 0);
  EXPECT_EQ(rows.values.shape(), (Shape{3, 3}));
  EXPECT_EQ(rows.values.to_vector<double>(), (Values{0, 1, 0, 0, 3, 0, 2, 1, 2}));
  EXPECT_EQ(rows.inverse.to_vector<double>(), (Values{2, 1, 2, 0}));
  EXPECT_EQ(rows.counts.to_vector<double>(), (Values{1, 1, 2}));
  for (const DType t : {DType::i32, DType::f32, DType::bf16, DType::f64}) {
    const Unique columns = unique(cast(x, t), -1);
    EXPECT_EQ(columns.values.dtype(), t);
    EXPECT_EQ(columns.values.to_vector<double>(), (Values{1, 2, 3, 0, 1, 2, 1, 0}));
    EXPECT_EQ(columns.inverse.to_vector<double>(), (Values{1, 0, 1}));
    EXPECT_EQ(columns.counts.to_vector<double>(), (Values{1, 2}));
  }
  // The middle axis: slices are compared along the first axis, then along the last.
  const Tensor cube = tensor<double>({1, 5, 1, 2, 1, 5, 0, 0, 9, 9, 0, 0}, {2, 3, 2});
  const Unique slices = unique(cube, 1);
  EXPECT_EQ(slices.values.to_vector<double>(), (Values{1, 2, 1, 5, 9, 9, 0, 0}));
  EXPECT_EQ(slices.inverse.to_vector<double>(), (Values{1, 0, 1}));
  const Tensor last = tensor<int64_t>(
      {0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0}, {2, 2, 6});
  EXPECT_EQ(unique(last, 2).inverse.to_vector<double>(), (Values{0, 3, 4, 5, 1, 2}));
  const Unique odd = unique(tensor<double>({kNan, 1, 0, 3, kNan, 1}, {3, 2}), 0);
  EXPECT_EQ(odd.values.shape(), (Shape{3, 2}));
  EXPECT_EQ(odd.inverse.to_vector<double>(), (Values{1, 0, 2}));
  EXPECT_EQ(unique(zeros({0, 2}), 0).values.shape(), (Shape{0, 2}));
  EXPECT_EQ(unique(scalar(2.0F), 0).counts.to_vector<double>(), (Values{1}));
  EXPECT_THROW(unique(zeros({2, 0}), 0), ShapeError);
  EXPECT_THROW(unique(zeros({2, 3}), 2), IndexError);
  EXPECT_THROW(unique(zeros({2}, DType::f32, kMeta), 0), DeviceError);
}

TEST(SearchSorted, NanGoesToTheEnd) {
  const Tensor s = tensor<double>({1, 2, 2, 5});
  const Tensor v = tensor<double>({2, kNan, -kInfinity, 9, kInfinity});
  EXPECT_EQ(searchsorted(s, v).to_vector<double>(), (Values{1, 4, 0, 4, 4}));
  EXPECT_EQ(searchsorted(s, v, true).to_vector<double>(), (Values{3, 4, 0, 4, 4}));
  EXPECT_EQ(bucketize(scalar(2.0), s).to_vector<double>(), (Values{1}));
  EXPECT_EQ(searchsorted(zeros({0}), zeros({2})).to_vector<double>(), (Values{0, 0}));
  EXPECT_EQ(searchsorted(zeros({2, 0}), zeros({2, 1})).to_vector<double>(), (Values{0, 0}));
  EXPECT_EQ(searchsorted(zeros({0, 3}), zeros({0, 4})).shape(), (Shape{0, 4}));
  EXPECT_EQ(testing::message<ShapeError>([] {
              searchsorted(zeros({2, 3}), zeros({3, 2}));
            }),
            "[searchsorted] f32[2, 3] has neither one row nor one for each of f32[3, 2]");
  EXPECT_THROW(searchsorted(s, zeros({2})), DTypeError);
  EXPECT_THROW(bucketize(s, zeros({1, 2}, DType::f64)), ShapeError);
}

TEST(LocalNorm, NamesWhatDoesNotFit) {
  EXPECT_THROW(instance_norm(zeros({2, 3})), ShapeError);
  EXPECT_THROW(instance_norm(zeros({2, 1, 3})), ValueError);
  EXPECT_THROW(local_response_norm(zeros({2, 3, 4}), {.size = 0}), ValueError);
  EXPECT_THROW(local_response_norm(zeros({2, 3, 4}, DType::i64)), DTypeError);
  EXPECT_EQ(testing::message<ShapeError>([] { local_response_norm(zeros({4})); }),
            "[local_response_norm] x must be [samples, ..., channels], got f32[4]");
  EXPECT_EQ(local_response_norm(zeros({0, 3, 4})).shape(), (Shape{0, 3, 4}));
}

TEST(Unique, OfNeighbours) {
  const Unique u = unique_consecutive(tensor<int64_t>({1, 1, 2, 2, 2, 1}, {2, 3}));
  EXPECT_EQ(u.values.to_vector<double>(), (Values{1, 2, 1}));
  EXPECT_EQ(describe(u.inverse), "i64[2, 3]");
  EXPECT_EQ(u.inverse.to_vector<double>(), (Values{0, 0, 1, 1, 1, 2}));
  EXPECT_EQ(u.counts.to_vector<double>(), (Values{2, 3, 1}));
  const Unique odd = unique_consecutive(tensor<float>({kNan, kNan, 0.0F, -0.0F}));
  EXPECT_EQ(odd.counts.to_vector<double>(), (Values{1, 1, 2}));
  const Unique one = unique_consecutive(scalar(true));
  EXPECT_EQ(describe(one.values), "bool[1]");
  EXPECT_EQ(describe(one.inverse), "i64[]");
  EXPECT_EQ(one.counts.to_vector<double>(), (Values{1}));
  const Unique none = unique_consecutive(zeros({2, 0}, DType::bf16));
  EXPECT_EQ(describe(none.values), "bf16[0]");
  EXPECT_EQ(describe(none.inverse), "i64[2, 0]");
  EXPECT_THROW(unique_consecutive(zeros({2}, DType::f32, kMeta)), DeviceError);
}

TEST(Unique, OfNeighboursAlongAnAxis) {
  const Tensor x = tensor({{1, 1, 2, 1, 1}, {3, 3, 3, 3, 4}});
  const Unique columns = unique_consecutive(x, -1);
  EXPECT_EQ(describe(columns.values), "i32[2, 4]");
  EXPECT_EQ(columns.values.to_vector<double>(), (Values{1, 2, 1, 1, 3, 3, 3, 4}));
  EXPECT_EQ(columns.inverse.to_vector<double>(), (Values{0, 0, 1, 2, 3}));
  EXPECT_EQ(columns.counts.to_vector<double>(), (Values{2, 1, 1, 1}));
  EXPECT_EQ(unique_consecutive(x, 0).counts.to_vector<double>(), (Values{1, 1}));
  EXPECT_EQ(unique_consecutive(tensor({{1}, {1}}), 0).counts.to_vector<double>(), (Values{2}));
  EXPECT_EQ(describe(unique_consecutive(zeros({0, 3}), 0).values), "f32[0, 3]");
  EXPECT_THROW(unique_consecutive(zeros({2, 0}), 0), ShapeError);
  EXPECT_THROW(unique_consecutive(x, 2), IndexError);
  EXPECT_THROW(unique_consecutive(zeros({2}, DType::f32, kMeta), 0), DeviceError);
}

TEST(IsIn, ComparesInTheCommonDType) {
  const auto found = [](const Tensor& x, const Tensor& values) {
    return isin(x, values).to_vector<double>();
  };
  EXPECT_EQ(
      found(tensor<double>({kNan, 1, kInfinity, 0.0}), tensor<double>({kNan, kInfinity, -0.0})),
      (Values{0, 0, 1, 1}));
  EXPECT_EQ(found(tensor({1, 2, 3}), tensor({{2.5, 3.0}})), (Values{0, 0, 1}));
  EXPECT_EQ(found(tensor<int8_t>({-1, 5}), tensor<uint8_t>({255, 5})), (Values{0, 1}));
  constexpr int64_t kLarge = int64_t{1} << 62;  // no two of them differ in f64
  EXPECT_EQ(found(tensor<int64_t>({kLarge, kLarge + 1}), tensor<int64_t>({kLarge + 1})),
            (Values{0, 1}));
  EXPECT_EQ(found(tensor({1, 2}), zeros({0}, DType::i32)), (Values{0, 0}));
  EXPECT_EQ(isin(tensor({1, 2}), zeros({0}, DType::i32), true).to_vector<double>(), (Values{1, 1}));
  EXPECT_EQ(describe(isin(zeros({2, 0}), scalar(1.0F))), "bool[2, 0]");
  EXPECT_EQ(describe(isin(zeros({2, 3}, DType::f32, kMeta), zeros({4}, DType::f32, kMeta))),
            "bool[2, 3]");
}

}  // namespace
}  // namespace strata
