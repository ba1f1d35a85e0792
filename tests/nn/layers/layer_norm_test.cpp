#include "strata/nn/layers/layer_norm.h"

#include <cmath>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/reduce.h"
#include "tests/support/message.h"

namespace strata::nn {
namespace {

TEST(LayerNorm, NormalisesScalesAndMoves) {
  LayerNorm norm({.shape = {2}, .eps = 3});
  norm.weight = tensor({2.0f, 4.0f}, {2});
  norm.bias = tensor({1.0f, -1.0f}, {2});
  // Mean 3 and variance 1: divided by sqrt(1 + 3).
  EXPECT_EQ(norm(tensor({2.0f, 4.0f}, {1, 2})).to_vector<float>(), (std::vector<float>{0, 1}));
}

TEST(LayerNorm, EveryParameterIsVisitedAndLearns) {
  for (const auto& [affine, bias, count] :
       {std::tuple{true, true, 2}, {true, false, 1}, {false, true, 0}}) {
    const int64_t before = parameters_made();
    LayerNorm norm({.shape = {3, 2}, .affine = affine, .bias = bias});
    EXPECT_EQ(parameters_made() - before, count);
    EXPECT_EQ(static_cast<int64_t>(norm.parameters().size()), count);
    Tensor x = tensor({1.0f, 4.0f, 2.0f, -1.0f, 0.5f, 3.0f}, {1, 3, 2});
    x.set_requires_grad();
    backward(sum(norm(x) * x));
    for (const Tensor& p : norm.parameters()) EXPECT_TRUE(p.grad().defined());
    EXPECT_TRUE(x.grad().defined());
  }
}

TEST(LayerNorm, HasTorchsNamesAndStart) {
  LayerNorm norm({.shape = {3}});
  const StateDict state = state_dict(norm);
  ASSERT_EQ(state.size(), 2u);
  EXPECT_EQ(state.at("weight").to_vector<float>(), (std::vector<float>{1, 1, 1}));
  EXPECT_EQ(state.at("bias").to_vector<float>(), (std::vector<float>{0, 0, 0}));
}

TEST(LayerNorm, RefusesAnEmptyShape) {
  using strata::testing::message;
  EXPECT_EQ(message<ValueError>([] { LayerNorm norm({}); }),
            "[LayerNorm] .shape needs sizes of at least 1, got []");
  EXPECT_EQ(message<ValueError>([] {
              LayerNorm norm({.shape = {3, 0}});
            }),
            "[LayerNorm] .shape needs sizes of at least 1, got [3, 0]");
}

}  // namespace
}  // namespace strata::nn
