#include "strata/ops/integrals.h"

#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using Values = std::vector<double>;

TEST(Integrals, OfIntegersAndFewPoints) {
  const Tensor y = tensor({1, 2, 4});
  EXPECT_EQ(describe(trapezoid(y)), "f32[]");
  EXPECT_EQ(trapezoid(y).item<float>(), 4.5F);
  EXPECT_EQ(trapezoid(y, tensor({0, 1, 5})).item<float>(), 13.5F);
  EXPECT_EQ(cumulative_trapezoid(y, 2).to_vector<double>(), (Values{3, 9}));
  // Sums and differences of bytes would wrap around; those of large integers are exact.
  const Tensor bytes = tensor({uint8_t{200}, uint8_t{250}, uint8_t{100}});
  EXPECT_EQ(trapezoid(bytes).item<float>(), 400);
  EXPECT_EQ(trapezoid(tensor({1.0F, 1.0F, 3.0F}), bytes).item<float>(), -250);
  constexpr int64_t kLate = int64_t{1} << 40;
  EXPECT_EQ(trapezoid(ones({3}), tensor({kLate, kLate + 1, kLate + 3})).item<float>(), 3);
  EXPECT_EQ(trapezoid(ones({1}), scalar(1)).item<float>(), 0);
  EXPECT_EQ(trapezoid(ones({2, 1})).to_vector<double>(), (Values{0, 0}));
  EXPECT_EQ(trapezoid(ones({0, 2}), 1, 0).to_vector<double>(), (Values{0, 0}));
  EXPECT_EQ(describe(cumulative_trapezoid(ones({0, 2}), 1, 0)), "f32[0, 2]");
  // Every row of y over points of its own, and one row over two sets of points.
  EXPECT_EQ(trapezoid(ones({2, 3}), tensor({{0.F, 1.F, 2.F}, {0.F, 2.F, 4.F}})).to_vector<double>(),
            (Values{2, 4}));
  EXPECT_EQ(trapezoid(ones({3}), tensor({{0.F, 1.F, 2.F}, {0.F, 2.F, 4.F}})).to_vector<double>(),
            (Values{2, 4}));
}

TEST(Integrals, NameWhatDoesNotFit) {
  EXPECT_THROW(trapezoid(scalar(1.0F)), ShapeError);
  EXPECT_THROW(trapezoid(zeros({3}), 1, 1), IndexError);
  EXPECT_THROW(trapezoid(zeros({3}), scalar(1.0F)), ShapeError);
  EXPECT_EQ(testing::message<ShapeError>([] {
              trapezoid(zeros({2, 3}), zeros({4}));
            }),
            "[trapezoid] x f32[4] does not give a place to each point of axis -1 of y f32[2, 3]");
  EXPECT_THROW(cumulative_trapezoid(zeros({2, 3}), zeros({3}), 0), ShapeError);
}

}  // namespace
}  // namespace strata
