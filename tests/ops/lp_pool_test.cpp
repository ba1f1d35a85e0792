#include "strata/ops/lp_pool.h"

#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

TEST(LpPool, HasNoSlopeWhereTheSumIsZero) {
  Tensor x = tensor<float>({0, 0, 3, 4}, {1, 4, 1}).set_requires_grad();
  const Tensor y = lp_pool1d(x, 2);
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{0, 5}));
  backward(sum(y));
  const auto slopes = x.grad().to_vector<float>();
  EXPECT_EQ(slopes[0], 0);
  EXPECT_EQ(slopes[1], 0);
  EXPECT_NEAR(slopes[2], 0.6, 1e-6);
}

TEST(LpPool, RefusesAPowerOfZero) {
  EXPECT_EQ(message<ValueError>([] {
              lp_pool2d(ones({1, 2, 2, 1}), 0);
            }),
            "[lp_pool2d] the power must not be 0");
  EXPECT_THROW(lp_pool1d(ones({1, 2, 1}), 0), ValueError);
  EXPECT_THROW(lp_pool1d(ones({1, 2}), 2), ShapeError);
  EXPECT_THROW(lp_pool1d(ones({1, 2, 1}), 2, {.padding = 1}), ValueError);
  EXPECT_THROW(lp_pool2d(ones({1, 2, 2, 1}), 2, {.padding = {0, 1}}), ValueError);
}

}  // namespace
}  // namespace strata
