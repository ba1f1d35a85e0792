#include "strata/ops/closeness.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

using Values = std::vector<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Isclose, InfinitiesAndNan) {
  const Tensor a = tensor<double>({1, kInfinity, -kInfinity, NAN, kInfinity, 1, 0});
  const Tensor b = tensor<double>({1 + 1e-6, kInfinity, kInfinity, NAN, 1, kInfinity, 1e-9});
  EXPECT_EQ(isclose(a, b).to_vector<double>(), (Values{1, 1, 0, 0, 0, 0, 1}));
  EXPECT_EQ(isclose(a, b, 1e-5, 0, true).to_vector<double>(), (Values{1, 1, 0, 1, 0, 0, 0}));
  EXPECT_EQ(isclose(tensor<int64_t>({10, 12}), scalar<int64_t>(11), 0, 1).to_vector<double>(),
            (Values{1, 1}));
  EXPECT_EQ(isclose(tensor<int64_t>({10, 12}), scalar<int64_t>(11), 0.05).to_vector<double>(),
            (Values{0, 0}));
  // The share is of b.
  EXPECT_TRUE(allclose(scalar(100.0F), scalar(110.0F), 0.095));
  EXPECT_FALSE(allclose(scalar(110.0F), scalar(100.0F), 0.095));
  EXPECT_TRUE(allclose(zeros({0}), zeros({0})));
  EXPECT_TRUE(allclose(zeros({2, 3}), zeros({3}, DType::bf16)));
  EXPECT_THROW(isclose(a, b, -1), ValueError);
  EXPECT_THROW(isclose(a, b, 1, NAN), ValueError);
  EXPECT_THROW(allclose(a, zeros({3})), ShapeError);
  EXPECT_THROW(allclose(zeros({2}, DType::f32, kMeta), zeros({2}, DType::f32, kMeta)), DeviceError);
}

TEST(Isclose, TellsLargeIntegersApart) {
  const int64_t large = int64_t{1} << 60, odd = (int64_t{1} << 24) + 1;
  EXPECT_FALSE(isclose(scalar(large + 1), scalar(large), 0, 0).item<bool>());
  EXPECT_TRUE(isclose(scalar(large + 1), scalar(large + 1), 0, 0).item<bool>());
  EXPECT_FALSE(isclose(scalar(odd), scalar(odd - 1), 0, 0.5).item<bool>());
  EXPECT_TRUE(isclose(scalar(odd), scalar(odd - 1), 0, 1).item<bool>());
  EXPECT_FALSE(allclose(scalar(odd), scalar(odd - 1), 1e-9, 0));
}

TEST(Equal, ShapesAndElements) {
  const Tensor x = tensor<float>({1, 2, 3, 4}, {2, 2});
  EXPECT_TRUE(equal(x, copy(x)));
  EXPECT_TRUE(equal(transpose(x, 0, 1), tensor<float>({1, 3, 2, 4}, {2, 2})));
  EXPECT_FALSE(equal(x, reshape(x, {4})));
  EXPECT_FALSE(equal(x, transpose(x, 0, 1)));
  EXPECT_TRUE(equal(x, cast(x, DType::i64)));
  EXPECT_FALSE(equal(full({1}, NAN), full({1}, NAN)));
  EXPECT_TRUE(equal(zeros({0}), zeros({0})));
  EXPECT_THROW(equal(zeros({2}, DType::f32, kMeta), zeros({2}, DType::f32, kMeta)), DeviceError);
}

}  // namespace
}  // namespace strata
