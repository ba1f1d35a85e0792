#include "strata/nn/layers/multihead_attention.h"

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/gradcheck.h"
#include "strata/base/error.h"
#include "strata/nn/init.h"
#include "strata/nn/precision.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/difference.h"
#include "tests/support/golden_transformer.h"
#include "tests/support/message.h"

namespace strata::nn {
namespace {

using namespace strata::testing;

TEST(MultiheadAttention, EqualsPyTorchWithAnAddedMaskAndPadding) {
  MultiheadAttention layer({.width = 8, .heads = 2});
  prepare(layer);
  const NamedInputs in = rule_inputs({{"x", {2, 5, 8}}});
  const Tensor& x = in[0].second;
  const WeighedAttention out = layer.with_weights(
      x, x, x, {.attn_mask = rule_doubles("bias", {5, 5}), .key_padding_mask = padded_keys()});
  expect_golden("self", layer, in, out.y, out.weights);
}

TEST(MultiheadAttention, EqualsPyTorchOverAPaddedMemory) {
  MultiheadAttention layer({.width = 8, .heads = 2, .bias = false});
  prepare(layer);
  const NamedInputs in = rule_inputs({{"x", {2, 4, 8}}, {"memory", {2, 5, 8}}});
  const Tensor& memory = in[1].second;
  const Tensor y = layer(in[0].second, memory, memory, {.key_padding_mask = padded_keys()});
  expect_golden("memory", layer, in, y);
}

TEST(MultiheadAttention, EqualsPyTorchWithOtherWidthsKeysOfItsOwnAndAMaskForEachHead) {
  const int64_t before = parameters_made();
  MultiheadAttention layer(
      {.width = 8, .heads = 2, .kdim = 6, .vdim = 10, .add_bias_kv = true, .add_zero_attn = true});
  EXPECT_EQ(static_cast<int64_t>(layer.parameters().size()), parameters_made() - before);
  prepare(layer);
  const NamedInputs in = rule_inputs({{"x", {2, 4, 8}}, {"key", {2, 5, 6}}, {"value", {2, 5, 10}}});
  const AttentionMasks masks = {.attn_mask = rule_doubles("blocked", {4, 4, 5}) > 0,
                                .key_padding_mask = padded_keys()};
  const WeighedAttention out =
      layer.with_weights(in[0].second, in[1].second, in[2].second, masks, false);
  EXPECT_LE(largest_difference(out.y, layer(in[0].second, in[1].second, in[2].second, masks)),
            1e-12);
  expect_golden("widths", layer, in, out.y, out.weights);
}

TEST(MultiheadAttention, EqualsPyTorchWhereNoneSeesWhatComesLater) {
  MultiheadAttention layer({.width = 8, .heads = 2, .add_zero_attn = true});
  prepare(layer);
  const NamedInputs in = rule_inputs({{"x", {2, 4, 8}}, {"key", {2, 4, 8}}, {"value", {2, 4, 8}}});
  const WeighedAttention out =
      layer.with_weights(in[0].second, in[1].second, in[2].second, {.causal = true});
  expect_golden("causal", layer, in, out.y, out.weights);
}

TEST(MultiheadAttention, IsTheSameOverOneTensorAndOverThreeEqualOnes) {
  const NoGrad no_grad;
  MultiheadAttention layer({.width = 6, .heads = 3});
  const Tensor x = randn({3, 7, 6}), alone = layer(x);
  EXPECT_LE(largest_difference(alone, layer(x, copy(x), copy(x))), 1e-6);
  const Tensor memory = copy(x);
  EXPECT_LE(largest_difference(alone, layer(x, memory, memory)), 1e-6);
}

TEST(MultiheadAttention, BearsPyTorchsNamesAndFirstValues) {
  MultiheadAttention joined({.width = 64, .heads = 4});
  MultiheadAttention apart(
      {.width = 64, .heads = 4, .bias = false, .kdim = 32, .add_bias_kv = true});
  std::string names;
  for (MultiheadAttention* layer : {&joined, &apart}) {
    for (const NamedTensor& t : layer->named_tensors()) names += t.name + describe(*t.tensor) + " ";
  }
  EXPECT_EQ(names,
            "in_proj_weightf32[192, 64] in_proj_biasf32[192] "
            "out_proj.weightf32[64, 64] out_proj.biasf32[64] "
            "q_proj_weightf32[64, 64] k_proj_weightf32[64, 32] v_proj_weightf32[64, 64] "
            "bias_kf32[1, 1, 64] bias_vf32[1, 1, 64] out_proj.weightf32[64, 64] ");
  const auto expect_bound = [](const Tensor& t, double bound) {
    const double most = largest_value(t);
    EXPECT_LE(most, bound);
    EXPECT_GE(most, 0.98 * bound);
  };
  expect_bound(joined.in_proj_weight, std::sqrt(6.0 / (64 + 192)));
  expect_bound(apart.k_proj_weight, std::sqrt(6.0 / (64 + 32)));
  expect_bound(joined.out_proj.weight, 1 / std::sqrt(64.0));
  expect_bound(joined.in_proj_bias, 0);
  expect_bound(joined.out_proj.bias, 0);
  const double deviation = std::sqrt(mean(apart.bias_k * apart.bias_k).item<double>());
  EXPECT_NEAR(deviation, 1 / std::sqrt(64.0), 0.05);
}

TEST(MultiheadAttention, AQueryThatSeesNoKeyGetsTheBiasAlone) {
  MultiheadAttention layer({.width = 4, .heads = 2});
  init::uniform(layer.out_proj.bias);
  const Tensor x = randn({1, 3, 4});
  const WeighedAttention out =
      layer.with_weights(x, x, x, {.key_padding_mask = ones({1, 3}, DType::boolean)});
  EXPECT_EQ(largest_difference(out.y, expand(layer.out_proj.bias, {1, 3, 4})), 0);
  EXPECT_EQ(largest_difference(out.weights, zeros({1, 3, 3})), 0);
  EXPECT_EQ(layer(randn({2, 3, 4}), randn({2, 0, 4}), randn({2, 0, 4})).shape(), (Shape{2, 3, 4}));
  EXPECT_EQ(layer(randn({0, 3, 4})).shape(), (Shape{0, 3, 4}));
}

TEST(MultiheadAttention, DropsWeightsInTrainingAndReturnsWhatIsLeft) {
  const NoGrad no_grad;
  MultiheadAttention layer({.width = 8, .heads = 2, .dropout = 0.5});
  const Tensor x = randn({2, 9, 8});
  Generator& generator = default_generator();
  const Generator before = generator;
  const WeighedAttention out = layer.with_weights(x, x, x, {}, false);
  const double dropped = mean(cast(out.weights == 0, DType::f32)).item<double>();
  EXPECT_NEAR(dropped, 0.5, 0.15);
  generator = before;
  EXPECT_LE(largest_difference(out.y, layer(x)), 1e-6);
  EXPECT_GT(largest_difference(out.y, layer(x)), 1e-3);
  layer.eval();
  EXPECT_EQ(largest_difference(layer(x), layer(x)), 0);
  const WeighedAttention whole = layer.with_weights(x, x, x);
  EXPECT_LE(largest_difference(sum(whole.weights, {2}), ones({2, 9})), 1e-6);
}

TEST(MultiheadAttention, MasksMeanTheSameAsBoolsAndAddedOnes) {
  const NoGrad no_grad;
  MultiheadAttention layer({.width = 8, .heads = 2, .add_zero_attn = true});
  const Tensor x = randn({2, 5, 8}), later = triu(ones({5, 5}), 1), padding = padded_keys();
  const Tensor never = full({1}, -INFINITY);
  const auto added = [&](const Tensor& mask) { return where(mask, never, 0); };
  const Tensor y = layer(x, x, x, {.key_padding_mask = padding, .causal = true});
  for (const Tensor& a : {later > 0, added(later > 0)}) {
    for (const Tensor& b : {padding, added(padding)}) {
      EXPECT_LE(largest_difference(y, layer(x, x, x, {.attn_mask = a, .key_padding_mask = b})),
                1e-6);
    }
  }
}

TEST(MultiheadAttention, ComputesInBf16WhereAsked) {
  MultiheadAttention layer({.width = 8, .heads = 2});
  const Tensor x = randn({2, 5, 8});
  const WeighedAttention full = layer.with_weights(x, x, x);
  const PrecisionScope precision(DType::bf16);
  const WeighedAttention half = layer.with_weights(x, x, x);
  EXPECT_EQ(half.y.dtype(), DType::f32);
  EXPECT_GT(largest_difference(half.weights, full.weights), 0);
  EXPECT_GT(largest_difference(half.y, full.y), 0);
  EXPECT_LE(largest_difference(half.y, full.y), 0.03);
}

TEST(MultiheadAttention, HasGradientsOfGradientsThatOfTheMaskIncluded) {
  MultiheadAttention layer({.width = 4, .heads = 2, .add_bias_kv = true});
  prepare(layer);
  const std::array xs = {rule_doubles("q", {2, 3, 4}).set_requires_grad(),
                         rule_doubles("m", {2, 3, 3}).set_requires_grad()};
  const TensorFunction f = [&](std::span<const Tensor> in) {
    return std::vector{layer(in[0], in[0], in[0], {.attn_mask = in[1]})};
  };
  EXPECT_LE(gradcheck(f, xs, 1).error, 1e-6);
  EXPECT_LE(gradcheck(f, xs, 2).error, 1e-6);
}

TEST(MultiheadAttention, SaysWhatIsWrong) {
  EXPECT_EQ(message<ValueError>([] { MultiheadAttention layer({.width = 8}); }),
            "[MultiheadAttention] .heads must be given, at least 1");
  EXPECT_EQ(message<ValueError>([] { MultiheadAttention layer({.width = 8, .heads = 3}); }),
            "[MultiheadAttention] 3 heads do not divide .width = 8");
  EXPECT_EQ(message<ValueError>(
                [] { MultiheadAttention layer({.width = 8, .heads = 2, .dropout = 1.5}); }),
            "[MultiheadAttention] .dropout must be in [0, 1], got 1.5");
  MultiheadAttention layer({.width = 4, .heads = 2});
  const Tensor x = randn({2, 3, 4});
  EXPECT_EQ(message<ShapeError>([&] {
              layer(randn({3, 4}));
            }),
            "[MultiheadAttention] takes query [N, Tq, width], key [N, Tk, kdim] and value "
            "[N, Tk, vdim], not f32[3, 4], f32[3, 4] and f32[3, 4]\n  hint: unsqueeze(query, 0)");
  EXPECT_THROW(layer(x, randn({2, 5, 4}), randn({2, 6, 4})), ShapeError);
  EXPECT_THROW(layer(x, randn({1, 5, 4}), randn({1, 5, 4})), ShapeError);
  EXPECT_THROW(layer(randn({2, 3, 5})), ShapeError);
  EXPECT_EQ(message<ShapeError>([&] {
              layer(x, x, x, {.key_padding_mask = zeros({3, 2}, DType::boolean)});
            }),
            "[MultiheadAttention] key_padding_mask bool[3, 2] is not [N, Tk], with scores "
            "[N, heads, Tq, Tk] of [2, 2, 3, 3]");
  EXPECT_EQ(message<ShapeError>([&] {
              layer(x, x, x, {.attn_mask = zeros({2, 3})});
            }),
            "[MultiheadAttention] attn_mask f32[2, 3] is not [Tq, Tk], [N * heads, Tq, Tk] or what "
            "broadcasts to the scores, with scores [N, heads, Tq, Tk] of [2, 2, 3, 3]");
  EXPECT_EQ(message<DTypeError>([&] {
              layer(x, x, x, {.attn_mask = zeros({3, 3}, DType::i64)});
            }),
            "[MultiheadAttention] attn_mask is bool or floating, got i64[3, 3]");
}

}  // namespace
}  // namespace strata::nn
