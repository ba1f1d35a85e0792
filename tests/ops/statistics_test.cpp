#include "strata/ops/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using Values = std::vector<double>;

TEST(Bincount, CountsAndSums) {
  const Tensor x = tensor<int64_t>({3, 1, 1, 5, 1});
  EXPECT_EQ(bincount(x).to_vector<double>(), (Values{0, 3, 0, 1, 0, 1}));
  EXPECT_EQ(bincount(cast(x, DType::u8), 8).to_vector<double>(), (Values{0, 3, 0, 1, 0, 1, 0, 0}));
  EXPECT_EQ(bincount(x, tensor<float>({0.5F, 1, 2, 3, 4})).to_vector<double>(),
            (Values{0, 7, 0, 0.5, 0, 3}));
  EXPECT_EQ(bincount(x, x).dtype(), DType::f64);
  EXPECT_EQ(bincount(tensor<int64_t>({2, 0})).to_vector<double>(), (Values{1, 0, 1}));
  EXPECT_EQ(bincount(zeros({0}, DType::i64), 2).to_vector<double>(), (Values{0, 0}));
  EXPECT_EQ(testing::message<ValueError>([] {
              bincount(tensor<int64_t>({1, -4}));
            }),
            "[bincount] i64[2] holds the negative number -4");
  const int64_t largest = std::numeric_limits<int64_t>::max();
  EXPECT_THROW(bincount(scalar(largest)), ShapeError);
  EXPECT_THROW(bincount(tensor({largest})), ValueError);
  EXPECT_THROW(bincount(x, largest), ValueError);
  EXPECT_THROW(bincount(zeros({2})), DTypeError);
  EXPECT_THROW(bincount(zeros({2, 1}, DType::i64)), ShapeError);
  EXPECT_THROW(bincount(x, zeros({4})), ShapeError);
  EXPECT_THROW(bincount(x, -1), ValueError);
  EXPECT_THROW(bincount(zeros({2}, DType::i64, kMeta)), DeviceError);
}

TEST(Histc, RangesAndWhatLiesOutside) {
  const Tensor x = tensor<float>({0, 0.5F, 1, 1.5F, 2, -1, 9, std::nanf("")});
  EXPECT_EQ(histc(x, 4, 0, 2).to_vector<double>(), (Values{1, 1, 1, 2}));
  EXPECT_EQ(histc(slice(x, 0, 0, 5), 2).to_vector<double>(), (Values{2, 3}));
  EXPECT_EQ(histc(full({3}, 4), 3).to_vector<double>(), (Values{0, 3, 0}));
  EXPECT_EQ(histc(zeros({0}), 2).to_vector<double>(), (Values{0, 0}));
  EXPECT_EQ(histc(cast(x, DType::bf16), 4, 0, 2).dtype(), DType::bf16);
  // Ranges whose products overflow.
  const Tensor wide = tensor<float>({-3e38F, -1e38F, 1, 2e38F, 3e38F});
  EXPECT_EQ(histc(wide, 3).to_vector<double>(), (Values{1, 2, 2}));
  EXPECT_EQ(histc(cast(wide, DType::f64) * 2e269, 3, -7e307, 7e307).to_vector<double>(),
            (Values{1, 2, 2}));
  EXPECT_EQ(histc(cast(wide, DType::bf16), 3, -3.2e38, 3.2e38).to_vector<double>(),
            (Values{1, 2, 2}));
  EXPECT_THROW(histc(x, 3, -1.5e308, 1.5e308), ValueError);
  // On an edge in f32, below it in f64: as PyTorch.
  EXPECT_EQ(histc(full({1}, 0.7), 10, 0, 1).to_vector<double>()[7], 1);
  EXPECT_THROW(histc(x), ValueError);  // NaN is no end of a range
  EXPECT_THROW(histc(x, 0, 0, 1), ValueError);
  EXPECT_THROW(histc(x, 3, 2, 1), ValueError);
  EXPECT_THROW(histc(zeros({2}, DType::i64)), DTypeError);
  EXPECT_THROW(histc(empty({2}, DType::f32, kMeta)), DeviceError);
}

TEST(Kthvalue, CountsFromOneWithNanLast) {
  const Tensor x = tensor<float>({3, std::nanf(""), 1, 2, 3, 0}, {2, 3});
  EXPECT_EQ(kthvalue(x, 1).values.to_vector<double>(), (Values{1, 0}));
  EXPECT_EQ(kthvalue(x, 2).indices.to_vector<double>(), (Values{0, 0}));
  EXPECT_TRUE(std::isnan(kthvalue(x, 3).values.to_vector<double>()[0]));
  EXPECT_EQ(kthvalue(x, 2, 0, true).values.shape(), (Shape{1, 3}));
  // Few of many, and many.
  const Tensor row = randn({1000});
  const auto sorted = kthvalue(expand(row, {2, 1000}), 3).values.to_vector<double>();
  EXPECT_EQ(sorted[0], kthvalue(row, 3).values.item<double>());
  auto values = row.to_vector<double>();
  std::sort(values.begin(), values.end());
  for (const int64_t k : {1, 2, 124, 126, 999, 1000}) {
    EXPECT_EQ(kthvalue(row, k).values.item<double>(), values[static_cast<size_t>(k - 1)]);
  }
  EXPECT_EQ(kthvalue(scalar(2.0F), 1).values.item<float>(), 2);
  EXPECT_EQ(testing::message<ValueError>([&] { kthvalue(x, 4); }),
            "[kthvalue] k is 4, but axis 1 of f32[2, 3] has 3 elements");
  EXPECT_THROW(kthvalue(x, 0), ValueError);
}

TEST(Nanmedian, LeavesNanOut) {
  const float nan = std::nanf("");
  const Tensor x = tensor<float>({3, nan, 1, 2, nan, nan, nan, nan, 5, nan, 5, nan}, {3, 4});
  const auto [values, indices] = nanmedian(x, 1);
  const auto rows = values.to_vector<double>();
  EXPECT_EQ(rows[0], 2);
  EXPECT_TRUE(std::isnan(rows[1]));
  EXPECT_EQ(rows[2], 5);
  EXPECT_EQ(indices.to_vector<double>(), (Values{3, 0, 0}));
  EXPECT_EQ(describe(nanmedian(x, 0, true).values), "f32[1, 4]");
  EXPECT_EQ(nanmedian(x).item<float>(), 3);
  EXPECT_EQ(nanmedian(tensor<int64_t>({4, 1, 3, 2})).item<int64_t>(), 2);
  EXPECT_EQ(nanmedian(scalar(nan), 0).indices.item<int64_t>(), 0);
  EXPECT_EQ(nanmedian(empty({2, 3}, DType::f16, kMeta), 1, true).values.shape(), (Shape{2, 1}));
  EXPECT_THROW(nanmedian(zeros({2, 0}), 1), IndexError);
  EXPECT_THROW(nanmedian(zeros({0})), IndexError);
  EXPECT_THROW(nanmedian(x, 2), IndexError);
}

TEST(Nanmedian, EqualElementsShareTheGradient) {
  const float nan = std::nanf("");
  Tensor x = tensor<float>({2, nan, 2, 1, 7}).set_requires_grad();
  backward(nanmedian(x));
  EXPECT_EQ(x.grad().to_vector<double>(), (Values{0.5, 0, 0.5, 0, 0}));
  Tensor none = full({2}, nan).set_requires_grad();
  backward(nanmedian(none));
  EXPECT_EQ(none.grad().to_vector<double>(), (Values{0.5, 0.5}));
}

TEST(Aminmax, OfAllAndAlongAnAxis) {
  Tensor x = tensor<float>({3, 1, 3, 2, 2, 5}, {2, 3}).set_requires_grad();
  const MinMax all = aminmax(x), rows = aminmax(x, -1, true);
  EXPECT_EQ(all.min.item<float>(), 1);
  EXPECT_EQ(all.max.item<float>(), 5);
  EXPECT_EQ(describe(rows.max), "f32[2, 1]");
  backward({sum(rows.min), sum(rows.max)});
  EXPECT_EQ(x.grad().to_vector<double>(), (Values{0.5, 1, 0.5, 0.5, 0.5, 1}));
  EXPECT_TRUE(std::isnan(aminmax(tensor<float>({1, std::nanf("")})).min.item<float>()));
  EXPECT_THROW(aminmax(zeros({0})), IndexError);
  EXPECT_THROW(aminmax(x, 2), IndexError);
}

TEST(Mode, TheSmallestOfSeveral) {
  const Tensor x = tensor<int64_t>({3, 1, 3, 1, 2, 5, 4, 6, 4, 7}, {2, 5});
  EXPECT_EQ(mode(x).values.to_vector<double>(), (Values{1, 4}));
  EXPECT_EQ(mode(x).indices.to_vector<double>(), (Values{3, 3}));
  EXPECT_EQ(mode(x, 0, true).values.to_vector<double>(), (Values{3, 1, 3, 1, 2}));
  EXPECT_EQ(mode(scalar(2.0F)).indices.item<int64_t>(), 0);
  EXPECT_EQ(mode(zeros({0, 2})).values.shape(), (Shape{0}));
  EXPECT_EQ(mode(cast(x, DType::boolean), 1).values.to_vector<double>(), (Values{1, 1}));
  EXPECT_THROW(mode(zeros({2, 0})), IndexError);
  EXPECT_THROW(mode(x, 2), IndexError);
}

TEST(Mode, NanEqualsNothing) {
  const double nan = std::nan("");
  const Tensor x = tensor<double>({nan, 1, nan, 1, nan, 2, 1, nan, nan, nan, nan, nan}, {3, 4});
  const auto [values, indices] = mode(x);
  EXPECT_EQ(slice(values, 0, 0, 2).to_vector<double>(), (Values{1, 1}));
  EXPECT_TRUE(std::isnan(values.to_vector<double>()[2]));
  EXPECT_EQ(indices.to_vector<double>(), (Values{3, 2, 0}));
}

TEST(Cov, OfVectorsScalarsAndNothing) {
  const Tensor x = tensor<double>({1, 2, 4, 2, 0, 1}, {2, 3});
  EXPECT_NEAR(cov(x).to_vector<double>()[1], -7.0 / 6 + 0.6666666666666666, 1e-12);
  EXPECT_EQ(cov(select(x, 0, 0)).shape(), (Shape{}));
  EXPECT_TRUE(std::isnan(cov(scalar(1.0F)).item<float>()));
  EXPECT_EQ(corrcoef(select(x, 0, 0)).item<double>(), 1);
  EXPECT_EQ(corrcoef(x).to_vector<double>()[0], 1);
  EXPECT_THROW(cov(zeros({2, 2, 2})), ShapeError);
  EXPECT_THROW(cov(zeros({2, 2}, DType::i64)), DTypeError);
}

}  // namespace
}  // namespace strata
