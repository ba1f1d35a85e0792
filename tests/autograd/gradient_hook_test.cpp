#include "strata/autograd/gradient_hook.h"

#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using Values = std::vector<double>;

Tensor leaf(std::initializer_list<double> values) {
  return tensor<double>(values).set_requires_grad();
}

TEST(GradientHook, SeesTheWholeGradientOnceAndMayReplaceIt) {
  Tensor w = leaf({1, 2});
  int calls = 0;
  Values seen;
  const Tensor x = w * 3, y = with_gradient_hook(x, [&](const Tensor&dy) {
                            ++calls;
                            seen = dy.to_vector<double>();
                            return clamp(dy, -5, 5);
                          });
  EXPECT_EQ(y.to_vector<double>(), x.to_vector<double>());
  EXPECT_TRUE(y.shares_storage(x));
  EXPECT_EQ(calls, 0);
  backward(sum(y * y) + sum(y) + sum(x));  // 2y + 1 through y, past the hook 1
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(seen, (Values{7, 13}));
  EXPECT_EQ(w.grad().to_vector<double>(), (Values{18, 18}));
}

TEST(GradientHook, AnUndefinedTensorLeavesTheGradient) {
  Tensor w = leaf({1, 2});
  std::vector<Tensor> log;
  const auto note = [&](const Tensor& dy) {
    log.push_back(dy);
    return Tensor();
  };
  backward(sum(with_gradient_hook(with_gradient_hook(w, note), note) * 2));
  ASSERT_EQ(log.size(), 2);
  EXPECT_EQ(w.grad().to_vector<double>(), (Values{2, 2}));
  EXPECT_FALSE(w.grad().shares_storage(log[1])) << "what the hook keeps is not the leaf's";
  EXPECT_TRUE(w.grad().defined() && !w.grad().requires_grad());
}

TEST(GradientHook, ReversesGradients) {
  // Ganin et al., "Domain-Adversarial Training of Neural Networks", 2016.
  Tensor features = leaf({1, 2}), head = leaf({3, 4});
  const Tensor reversed = with_gradient_hook(features, [](const Tensor& dy) { return dy * -0.5; });
  backward(sum(reversed * head));
  EXPECT_EQ(head.grad().to_vector<double>(), (Values{1, 2}));
  EXPECT_EQ(features.grad().to_vector<double>(), (Values{-1.5, -2}));
}

TEST(GradientHook, IsRecordedUnderCreateGraph) {
  Tensor x = leaf({3});
  const Tensor y = with_gradient_hook(x * x, [](const Tensor& dy) { return dy * dy; });
  const Tensor first = grad(y * y, x, {}, {.create_graph = true});
  EXPECT_EQ(first.item<double>(), 4 * 81.0 * 6);  // (2y)^2 * 2x = 8 x^5, with y = x^2
  // Of 4 y^2 * 2x: 8 x^4 directly, and through y by the hook again, (8 y * 2x)^2 * 2x.
  EXPECT_EQ(grad(first, x).item<double>(), 8 * 81.0 + 16.0 * 27 * 16 * 27 * 6);
}

TEST(GradientHook, WhereNothingIsRecordedItGivesXBack) {
  const auto never = [](const Tensor&) -> Tensor { throw ValueError("test", "was called"); };
  const Tensor plain = ones({2});
  EXPECT_TRUE(with_gradient_hook(plain, never).same_as(plain));
  Tensor w = leaf({1});
  const NoGrad no_grad;
  EXPECT_TRUE(with_gradient_hook(w, never).same_as(w));
}

TEST(GradientHook, IsNotCalledOffThePath) {
  Tensor x = leaf({1}), w = leaf({2});
  int calls = 0;
  const Tensor y = with_gradient_hook(x, [&](const Tensor&) {
    ++calls;
    return Tensor();
  });
  EXPECT_EQ(grad(y * w, w).item<double>(), 1);
  EXPECT_EQ(calls, 0);
}

TEST(GradientHook, Errors) {
  Tensor x = leaf({1, 2});
  const auto walk = [&](const GradientHook& hook) { backward(sum(with_gradient_hook(x, hook))); };
  EXPECT_EQ(testing::message<ShapeError>([&] { walk([](const Tensor& dy) { return sum(dy); }); }),
            "[with_gradient_hook] the hook made f64[] of a gradient that is f64[2]");
  EXPECT_EQ(testing::message<DTypeError>(
                [&] { walk([](const Tensor& dy) { return cast(dy, DType::f32); }); }),
            "[with_gradient_hook] the hook made f32[2] of a gradient that is f64[2]\n"
            "  hint: cast() it");
  EXPECT_THROW(walk([](const Tensor& dy) { return empty(dy.shape(), dy.dtype(), kMeta); }),
               DeviceError);
  EXPECT_THROW(with_gradient_hook(x, {}), ValueError);
  EXPECT_FALSE(x.grad().defined());
}

}  // namespace
}  // namespace strata
