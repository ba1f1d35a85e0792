#include "strata/nn/layers/group_norm.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/nn/layers/upsample.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "tests/support/difference.h"
#include "tests/support/message.h"

namespace strata::nn {
namespace {

using testing::largest_difference;

TEST(GroupNorm, BringsEachGroupToMean0AndVariance1) {
  GroupNorm layer({.groups = 2, .channels = 4, .eps = 0});
  const Tensor x = tensor<float>({1, 3, 10, 20, 5, 7, 30, 40}, {1, 2, 4});
  const double r = std::sqrt(5.0), s = std::sqrt(125.0);
  const Tensor y =
      tensor<double>({-3 / r, -1 / r, -15 / s, -5 / s, 1 / r, 3 / r, 5 / s, 15 / s}, {1, 2, 4});
  EXPECT_LE(largest_difference(layer(x), y), 1e-6);
}

TEST(GroupNorm, AppliesSiluAndShiftAsSeparateOpsDo) {
  GroupNorm plain({.groups = 2, .channels = 6}), fused({.groups = 2, .channels = 6, .silu = true});
  fused.weight = plain.weight = randn({6});
  fused.bias = plain.bias = randn({6});
  const Tensor x = randn({3, 5, 4, 6}), shift = randn({3, 6});
  EXPECT_LE(largest_difference(fused(x), silu(plain(x))), 1e-6);
  EXPECT_LE(largest_difference(fused(x, shift), silu(plain(x + reshape(shift, {3, 1, 1, 6})))),
            2e-6);
}

TEST(GroupNorm, HasPyTorchsParameters) {
  GroupNorm layer({.groups = 2, .channels = 6});
  const StateDict state = state_dict(layer);
  EXPECT_EQ(describe(state.at("weight")), "f32[6]");
  EXPECT_EQ(state.at("weight").to_vector<float>(), std::vector<float>(6, 1));
  EXPECT_EQ(state.at("bias").to_vector<float>(), std::vector<float>(6, 0));
  EXPECT_TRUE(GroupNorm({.groups = 2, .channels = 6, .affine = false}).parameters().empty());
}

TEST(GroupNorm, NamesWhatIsMissingOrDoesNotDivide) {
  const auto text = [](const GroupNormConfig& c) {
    return testing::message<ValueError>([&] { GroupNorm layer(c); });
  };
  EXPECT_EQ(text({.groups = 2}), "[GroupNorm] .channels must be given, at least 1");
  EXPECT_EQ(text({.groups = 4, .channels = 6}),
            "[GroupNorm] 4 groups do not divide .channels = 6 evenly");
}

TEST(Upsample, RepeatsPixels) {
  Upsample layer({.scale = 2});
  const Tensor x = tensor<float>({1, 2}, {1, 1, 2, 1});
  EXPECT_EQ(layer(x).to_vector<float>(), (std::vector<float>{1, 1, 2, 2, 1, 1, 2, 2}));
  EXPECT_THROW(Upsample({.scale = 0}), ValueError);
}

}  // namespace
}  // namespace strata::nn
