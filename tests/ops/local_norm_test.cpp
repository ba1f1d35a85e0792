#include "strata/ops/local_norm.h"

#include <limits>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "tests/support/difference.h"

namespace strata {
namespace {

TEST(LocalResponseNorm, AWindowBeyondAllChannelsTakesThemAll) {
  for (const int64_t size : {9, 10, 1'000, 2'000'000'000}) {
    Tensor x = randn({2, 3, 5}, DType::f64).set_requires_grad();
    Tensor same = x.detach().set_requires_grad();
    const Tensor y =
        local_response_norm(x, {.size = size, .alpha = static_cast<double>(size), .beta = 0.5});
    const Tensor wanted = same * pow(sum(square(same), {2}, /*keep=*/true) + 1, -0.5);
    EXPECT_LT(testing::largest_difference(y, wanted), 1e-14) << size;
    backward(sum(y * y * y));
    backward(sum(wanted * wanted * wanted));
    EXPECT_LT(testing::largest_difference(x.grad(), same.grad()), 1e-13) << size;
  }
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(local_response_norm(ones({1, 1, 3}), {.size = kMost}).shape(), (Shape{1, 1, 3}));
  EXPECT_EQ(local_response_norm(zeros({2, 3, 0}), {.size = kMost}).shape(), (Shape{2, 3, 0}));
}

}  // namespace
}  // namespace strata
