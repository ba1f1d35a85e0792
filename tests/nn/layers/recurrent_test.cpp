#include "strata/nn/layers/recurrent.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/nn/precision.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/joining.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/difference.h"
#include "tests/support/golden_dump.h"
#include "tests/support/message.h"
#include "tests/support/rule_weights.h"

namespace strata::nn {
namespace {

using strata::testing::GoldenDump;
using strata::testing::largest_difference;
using strata::testing::largest_value;
using strata::testing::message;
using strata::testing::rule_tensor;

std::unique_ptr<Recurrent> make(const std::string& kind, RecurrentConfig c) {
  if (kind == "Projected") c.proj = c.hidden * 2 / 3;
  if (kind == "LSTM" || kind == "Projected") return std::make_unique<LSTM>(c);
  if (kind == "GRU") return std::make_unique<GRU>(c);
  return std::make_unique<RNN>(RNNConfig{.in = c.in,
                                         .hidden = c.hidden,
                                         .layers = c.layers,
                                         .bidirectional = c.bidirectional,
                                         .dropout = c.dropout,
                                         .bias = c.bias});
}

class EachKind : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Recurrent, EachKind, ::testing::Values("RNN", "LSTM", "GRU", "Projected"));

/// Two layers both ways over padded rows, and PyTorch's answers.
struct GoldenRun {
  explicit GoldenRun(const std::string& of)
      : kind(of),
        layer(make(of, {.in = 5, .hidden = 6, .layers = 2, .bidirectional = true})),
        x(rule_tensor("x", {3, 7, 5}).set_requires_grad()) {
    strata::testing::set_rule_weights(*layer);
    const int64_t width = kind == "Projected" ? 4 : 6;
    state.h = rule_tensor("h", {4, 3, width}).set_requires_grad();
    if (layer->type() == "LSTM") state.c = rule_tensor("c", {4, 3, 6}).set_requires_grad();
    const RecurrentOutput out = (*layer)(x, state, tensor<int64_t>({7, 3, 5}));
    outputs = {{"y", out.y}, {"h", out.state.h}};
    if (out.state.c.defined()) outputs.emplace_back("c", out.state.c);
    for (const auto& [name, t] : outputs) {
      const Tensor part = sum(t * rule_tensor("d" + name, t.shape()));
      score = score.defined() ? score + part : part;
    }
  }

  void expect(const std::string& name, const Tensor& got, double tolerance) const {
    golden.expect_absolute(kind + "." + name, got, tolerance);
  }
  void expect_gradients(const std::string& prefix, double tolerance) {
    std::vector<std::pair<std::string, Tensor>> leaves = {{"x", x}, {"h", state.h}};
    if (state.c.defined()) leaves.emplace_back("c", state.c);
    for (const NamedTensor& p : layer->named_tensors()) leaves.emplace_back(p.name, *p.tensor);
    EXPECT_EQ(leaves.size(),
              static_cast<size_t>((kind == "Projected" ? 20 : 16) + (state.c.defined() ? 3 : 2)));
    for (const auto& [name, leaf] : leaves) expect(prefix + name, leaf.grad(), tolerance);
  }

  std::string kind;
  GoldenDump golden{"nn/recurrent"};
  std::unique_ptr<Recurrent> layer;
  Tensor x, score;
  RecurrentState state;
  std::vector<std::pair<std::string, Tensor>> outputs;
};

TEST_P(EachKind, EqualsPyTorchInTwoLayersBothWaysOverPaddedRows) {
  GoldenRun run(GetParam());
  for (const auto& [name, t] : run.outputs) run.expect(name, t, 1e-6);
  backward(run.score);
  run.expect_gradients("grad.", 1e-5);
}

// The critic of a WGAN with gradient penalty (Gulrajani et al., 2017).
TEST_P(EachKind, PenaltiesOnGradientsHavePyTorchsGradients) {
  GoldenRun run(GetParam());
  const std::vector<Tensor> ys = {run.score}, xs = {run.x};
  const Tensor slope = grad(ys, xs, {}, {.create_graph = true})[0];
  const Tensor penalty = mean(square(norm(slope, 2, {1, 2}) - 1));
  backward(penalty);
  run.expect("penalty", penalty, 1e-5);
  run.expect_gradients("penalty.grad.", 3e-5);
}

TEST_P(EachKind, ListsEachParameterItMakes) {
  const int64_t before = parameters_made();
  const auto layer = make(GetParam(), {.in = 5, .hidden = 6, .layers = 2, .bidirectional = true});
  EXPECT_EQ(parameters_made() - before, static_cast<int64_t>(layer->parameters().size()));
}

TEST_P(EachKind, LookedUpProductsAreThoseOfTheTablesRows) {
  const auto layer = make(GetParam(), {.in = 4, .hidden = 9, .layers = 2, .bidirectional = true});
  Tensor table = randn({3, 4}).set_requires_grad();
  const Tensor ids = randint(0, 3, {5, 7}), lengths = tensor<int64_t>({7, 3, 5, 1, 7});
  const Tensor weights = randn({5, 7, layer->config().proj > 0 ? 12 : 18});
  const auto answers = [&](const RecurrentOutput& out) {
    layer->zero_grad();
    table.set_grad({});
    backward(sum(out.y * weights) + sum(out.state.h));
    std::vector<Tensor> all = {out.y, out.state.h, table.grad()};
    for (const Tensor& p : layer->parameters()) all.push_back(p.grad());
    return all;
  };
  const auto plain = answers((*layer)(embedding(table, ids), {}, lengths));
  const auto looked_up = answers(layer->symbols(ids, table, {}, lengths));
  for (size_t i = 0; i < plain.size(); ++i) {
    EXPECT_LE(strata::testing::relative_difference(looked_up[i], plain[i]), 2e-5) << i;
  }
  EXPECT_THROW(layer->symbols(full({5, 7}, 3, DType::i64), table), IndexError);
}

TEST_P(EachKind, LengthsOfAllStepsAreNone) {
  const auto layer = make(GetParam(), {.in = 4, .hidden = 9, .bidirectional = true});
  const Tensor x = randn({2, 5, 4});
  const RecurrentState state = {.h = randn({2, 2, layer->config().proj > 0 ? 6 : 9})};
  const RecurrentOutput plain = (*layer)(x, state);
  const RecurrentOutput full = (*layer)(x, state, tensor<int64_t>({5, 5}));
  EXPECT_EQ(largest_difference(plain.y, full.y), 0);
  EXPECT_EQ(largest_difference(plain.state.h, full.state.h), 0);
}

TEST_P(EachKind, StepByStepIsTheWholeSequence) {
  const auto layer = make(GetParam(), {.in = 4, .hidden = 33, .layers = 2});
  const NoGrad no_grad;
  const Tensor x = randn({2, 6, 4});
  const Tensor whole = (*layer)(x);
  RecurrentState state;
  std::vector<Tensor> ys;
  for (int64_t t = 0; t < 6; ++t) {
    const RecurrentOutput out = (*layer)(slice(x, 1, t, t + 1), state);
    ys.push_back(out.y);
    state = out.state;
  }
  EXPECT_LE(largest_difference(concat(ys, 1), whole), 1e-6);
}

TEST_P(EachKind, DropoutActsBetweenLayersWhileTraining) {
  const std::string kind = GetParam();
  const auto one = make(kind, {.in = 4, .hidden = 5, .dropout = 0.5});
  const auto two = make(kind, {.in = 4, .hidden = 5, .layers = 2, .dropout = 0.5});
  const Tensor x = randn({2, 3, 4});
  EXPECT_EQ(largest_difference((*one)(x), (*one)(x)), 0);
  EXPECT_GT(largest_difference((*two)(x), (*two)(x)), 0);
  two->eval();
  EXPECT_EQ(largest_difference((*two)(x), (*two)(x)), 0);
}

TEST_P(EachKind, ComputesInBf16WhereAsked) {
  const auto layer = make(GetParam(), {.in = 4, .hidden = 5});
  const Tensor x = randn({2, 3, 4}), full = (*layer)(x);
  const PrecisionScope precision(DType::bf16);
  const Tensor half = (*layer)(x);
  EXPECT_EQ(half.dtype(), DType::f32);
  EXPECT_GT(largest_difference(half, full), 0);
  EXPECT_LE(largest_difference(half, full), 0.03);
}

TEST(Recurrent, HasThePublishedNumbersOfParameters) {
  EXPECT_EQ(RNN({.in = 28, .hidden = 128}).parameter_count(), 20224);
  EXPECT_EQ(LSTM({.in = 28, .hidden = 128}).parameter_count(), 80896);
  EXPECT_EQ(GRU({.in = 28, .hidden = 128}).parameter_count(), 60672);
}

TEST(Recurrent, BearsPyTorchsNames) {
  LSTM layer({.in = 2, .hidden = 3, .layers = 2, .bidirectional = true, .bias = false});
  std::string names;
  for (const NamedTensor& t : layer.named_tensors()) names += t.name + describe(*t.tensor) + " ";
  EXPECT_EQ(names,
            "weight_ih_l0f32[12, 2] weight_hh_l0f32[12, 3] "
            "weight_ih_l0_reversef32[12, 2] weight_hh_l0_reversef32[12, 3] "
            "weight_ih_l1f32[12, 6] weight_hh_l1f32[12, 3] "
            "weight_ih_l1_reversef32[12, 6] weight_hh_l1_reversef32[12, 3] ");
}

TEST(Recurrent, StartsUniformWithinTheRootOfItsUnits) {
  const LSTM layer({.in = 9, .hidden = 100});
  for (const Tensor& t : {layer.weights[0].w_ih, layer.weights[0].w_hh, layer.weights[0].b_ih}) {
    EXPECT_LE(largest_value(t), 0.1);
    EXPECT_GT(largest_value(t), 0.098);
  }
}

TEST(Recurrent, SaysWhatIsWrong) {
  constexpr int64_t kHuge = int64_t{1} << 62;  // four times as many would be none
  EXPECT_EQ(message<ShapeError>([] { LSTM layer({.in = 3, .hidden = kHuge}); }),
            "[recurrent_weights] shape [4, 4611686018427387904] has too many elements");
  EXPECT_EQ(message<ValueError>([] { LSTM layer({.in = 3}); }),
            "[LSTM] .hidden must be given, at least 1");
  EXPECT_EQ(message<ValueError>([] { GRU layer({.in = 3, .hidden = 2, .dropout = 1.5}); }),
            "[GRU] .dropout must be in [0, 1], got 1.5");
  EXPECT_EQ(message<ValueError>([] { GRU layer({.in = 3, .hidden = 2, .proj = 1}); }),
            "[GRU] .proj 1 is for LSTM alone");
  EXPECT_EQ(message<ValueError>([] { LSTM layer({.in = 3, .hidden = 2, .proj = 2}); }),
            "[LSTM] .proj 2 is not in 0 ... 1, below .hidden");
  GRU layer({.in = 3, .hidden = 2});
  EXPECT_EQ(message<ShapeError>([&] {
              layer(randn({4, 5, 3}), {.h = randn({4, 2})});
            }),
            "[GRU] the state's h is f32[4, 2], but must be [1, 4, 2] [layers * directions, rows, "
            "hidden]\n  hint: unsqueeze(h, 0)");
  EXPECT_EQ(message<ShapeError>([&] {
              layer(randn({4, 5, 3}), {.h = randn({3, 2})});
            }),
            "[GRU] the state's h is f32[3, 2], but must be [1, 4, 2] [layers * directions, rows, "
            "hidden]");
  EXPECT_THROW(layer(randn({4, 5, 2})), ShapeError);
  EXPECT_THROW(layer(randn({4, 3})), ShapeError);
}

}  // namespace
}  // namespace strata::nn
