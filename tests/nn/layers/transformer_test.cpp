#include "strata/nn/layers/transformer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/nn/layers/embedding.h"
#include "strata/nn/positional_encoding.h"
#include "strata/nn/precision.h"
#include "strata/nn/state_dict.h"
#include "strata/nn/summary.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/extremes.h"
#include "strata/ops/joining.h"
#include "strata/ops/losses.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "strata/optim/adam.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/difference.h"
#include "tests/support/golden_transformer.h"
#include "tests/support/message.h"

namespace strata::nn {
namespace {

using namespace strata::testing;

constexpr TransformerLayerConfig kSmall = {.width = 8, .heads = 2, .feedforward = 12, .dropout = 0};

TransformerLayerConfig norm_first(bool bias) {
  TransformerLayerConfig config = kSmall;
  config.activation = Activation::gelu_erf;
  config.norm_first = true;
  config.bias = bias;
  return config;
}

TEST(TransformerEncoder, EqualsPyTorch) {
  for (const bool first : {false, true}) {
    TransformerEncoder encoder(
        {.layer = first ? norm_first(false) : kSmall, .layers = 2, .norm = !first});
    prepare(encoder);
    const NamedInputs in = rule_inputs({{"x", {2, 5, 8}}});
    const Tensor y = encoder(in[0].second, {.key_padding_mask = padded_keys()});
    expect_golden(first ? "encoder_first" : "encoder", encoder, in, y);
  }
}

TEST(TransformerDecoder, EqualsPyTorch) {
  for (const bool first : {false, true}) {
    TransformerDecoder decoder(
        {.layer = first ? norm_first(true) : kSmall, .layers = 1, .norm = true});
    prepare(decoder);
    const NamedInputs in = rule_inputs({{"x", {2, 4, 8}}, {"memory", {2, 5, 8}}});
    const Tensor y =
        decoder(in[0].second, in[1].second,
                {.tgt = {.causal = true}, .memory = {.key_padding_mask = padded_keys()}});
    expect_golden(first ? "decoder_first" : "decoder", decoder, in, y);
  }
}

TEST(Transformer, EqualsPyTorch) {
  TransformerLayerConfig layer = kSmall;
  layer.eps = 1e-3;
  const int64_t before = parameters_made();
  Transformer model({.layer = layer, .encoder_layers = 1, .decoder_layers = 1});
  EXPECT_EQ(static_cast<int64_t>(model.parameters().size()), parameters_made() - before);
  prepare(model);
  const NamedInputs in = rule_inputs({{"x", {2, 5, 8}}, {"tgt", {2, 4, 8}}});
  const TransformerMasks masks = {
      .src = {.attn_mask = rule_doubles("bias", {5, 5}), .key_padding_mask = padded_keys()},
      .tgt = {.causal = true},
      .memory = {.key_padding_mask = padded_keys()}};
  const Tensor y = model(in[0].second, in[1].second, masks);
  expect_golden("transformer", model, in, y);
  model.eval();
  EXPECT_LE(largest_difference(y, model(in[0].second, in[1].second, masks)), 1e-12);
}

TEST(Transformer, HasPyTorchsNumberAndOrderOfParameters) {
  const DeviceScope meta(kMeta);
  Transformer model({.layer = {.width = 512, .heads = 8}});
  EXPECT_EQ(model.config().encoder_layers, 6);
  EXPECT_EQ(model.parameter_count(), 44'140'544);
  std::string names;
  for (const NamedTensor& t : model.decoder.layers[5].named_tensors()) names += t.name + " ";
  EXPECT_EQ(names,
            "self_attn.in_proj_weight self_attn.in_proj_bias self_attn.out_proj.weight "
            "self_attn.out_proj.bias multihead_attn.in_proj_weight multihead_attn.in_proj_bias "
            "multihead_attn.out_proj.weight multihead_attn.out_proj.bias linear1.weight "
            "linear1.bias linear2.weight linear2.bias norm1.weight norm1.bias norm2.weight "
            "norm2.bias norm3.weight norm3.bias ");
  const Tensor src = zeros({2, 7, 512}, DType::f32, kMeta);
  const Tensor tgt = zeros({2, 3, 512}, DType::f32, kMeta);
  EXPECT_EQ(model(src, tgt, {.tgt = {.causal = true}}).shape(), (Shape{2, 3, 512}));
}

TEST(Transformer, AllMatricesStartAsXaviersAndNoTwoLayersAlike) {
  Transformer model({.layer = {.width = 32, .heads = 2, .feedforward = 96}, .encoder_layers = 2});
  const auto& layer = model.encoder.layers[1];
  EXPECT_NEAR(largest_value(layer.linear1.weight), std::sqrt(6.0 / (32 + 96)), 2e-3);
  EXPECT_NEAR(largest_value(layer.self_attn.out_proj.weight), std::sqrt(6.0 / (32 + 32)), 4e-3);
  EXPECT_GT(largest_value(layer.linear1.bias), 0);
  TransformerEncoder encoder({.layer = {.width = 8, .heads = 2}, .layers = 2});
  EXPECT_GT(largest_difference(encoder.layers[0].linear1.weight, encoder.layers[1].linear1.weight),
            0);
}

TEST(Transformer, PaddingAndLaterTokensChangeNothing) {
  const NoGrad no_grad;
  Transformer model({.layer = kSmall, .encoder_layers = 2, .decoder_layers = 2});
  const Tensor src = randn({2, 5, 8}), tgt = randn({2, 4, 8});
  const TransformerMasks masks = {.src = {.key_padding_mask = padded_keys()},
                                  .tgt = {.causal = true},
                                  .memory = {.key_padding_mask = padded_keys()}};
  const Tensor y = model(src, tgt, masks);
  const Tensor noise = cast(padded_keys(), DType::f32);
  EXPECT_LE(largest_difference(y, model(src + 9 * unsqueeze(noise, 2), tgt, masks)), 1e-5);
  const Tensor prefix = slice(tgt, 1, 0, 2);
  EXPECT_LE(largest_difference(slice(y, 1, 0, 2), model(src, prefix, masks)), 1e-5);
}

TEST(Transformer, DropsInTrainingAlone) {
  const NoGrad no_grad;
  for (const bool first : {false, true}) {
    TransformerLayerConfig config = kSmall;
    config.dropout = 0.3;
    config.norm_first = first;
    TransformerEncoderLayer layer(config);
    const Tensor x = randn({2, 3, 8});
    EXPECT_GT(largest_difference(layer(x), layer(x)), 1e-3);
    layer.eval();
    EXPECT_EQ(largest_difference(layer(x), layer(x)), 0);
  }
}

TEST(Transformer, ComputesInBf16WhereAsked) {
  const NoGrad no_grad;
  TransformerDecoderLayer layer(kSmall);
  const Tensor x = randn({2, 3, 8}), memory = randn({2, 4, 8}), full = layer(x, memory);
  const PrecisionScope precision(DType::bf16);
  const Tensor half = layer(x, memory);
  EXPECT_EQ(half.dtype(), DType::f32);
  EXPECT_GT(largest_difference(half, full), 0);
  EXPECT_LE(largest_difference(half, full), 0.05);
}

TEST(Transformer, ObserversSeeEveryCall) {
  Transformer model({.layer = kSmall, .encoder_layers = 1, .decoder_layers = 1});
  const Summary summary = summarize(model, [&] { model(zeros({2, 5, 8}), zeros({2, 4, 8})); });
  std::string names;
  for (const LayerSummary& l : summary.layers) {
    if (l.depth < 4) names += l.name + to_string(l.output) + " ";
  }
  EXPECT_EQ(names,
            "[2, 4, 8] encoder[2, 5, 8] encoder.layers.0[2, 5, 8] "
            "encoder.layers.0.self_attn[2, 5, 8] encoder.layers.0.norm1[2, 5, 8] "
            "encoder.layers.0.linear1[2, 5, 12] encoder.layers.0.linear2[2, 5, 8] "
            "encoder.layers.0.norm2[2, 5, 8] encoder.norm[2, 5, 8] decoder[2, 4, 8] "
            "decoder.layers.0[2, 4, 8] decoder.layers.0.self_attn[2, 4, 8] "
            "decoder.layers.0.norm1[2, 4, 8] decoder.layers.0.multihead_attn[2, 4, 8] "
            "decoder.layers.0.norm2[2, 4, 8] decoder.layers.0.linear1[2, 4, 12] "
            "decoder.layers.0.linear2[2, 4, 8] decoder.layers.0.norm3[2, 4, 8] "
            "decoder.norm[2, 4, 8] ");
}

TEST(Transformer, SaysWhatIsWrong) {
  EXPECT_EQ(message<ValueError>([] { TransformerEncoderLayer layer({.width = 8}); }),
            "[TransformerEncoderLayer] .heads must be given, at least 1");
  EXPECT_EQ(message<ValueError>(
                [] { TransformerDecoderLayer layer({.width = 8, .heads = 2, .feedforward = 0}); }),
            "[TransformerDecoderLayer] .feedforward must be at least 1, got 0");
  EXPECT_EQ(message<ValueError>([] { TransformerEncoder encoder({.layer = kSmall}); }),
            "[TransformerEncoder] .layers must be given, at least 1");
  EXPECT_EQ(message<ValueError>(
                [] { Transformer model({.layer = {.width = 8, .heads = 2, .dropout = 1.5}}); }),
            "[TransformerEncoderLayer] .dropout must be in [0, 1], got 1.5");
  EXPECT_EQ(message<ValueError>([] { TransformerDecoderLayer layer({.width = 8, .heads = 3}); }),
            "[TransformerDecoderLayer] 3 heads do not divide .width = 8");
  TransformerDecoderLayer decoder(kSmall);
  EXPECT_THROW(decoder(randn({2, 3, 8}), randn({1, 3, 8})), ShapeError);
}

TEST(PositionalEncoding, IsThePapersWaves) {
  const Tensor waves = positional_encoding(50, 6);
  EXPECT_EQ(describe(waves), "f32[50, 6]");
  for (const int64_t t : {0, 1, 49}) {
    const auto row = select(waves, 0, t).to_vector<double>();
    for (size_t i = 0; i < 6; ++i) {
      const double phase =
          static_cast<double>(t) / std::pow(1e4, static_cast<double>(i / 2 * 2) / 6);
      EXPECT_NEAR(row[i], i % 2 ? std::cos(phase) : std::sin(phase), 1e-7);
    }
  }
  EXPECT_EQ(
      largest_difference(positional_encoding(3, 1), slice(positional_encoding(3, 2), 1, 0, 1)), 0);
  EXPECT_EQ(positional_encoding(0, 4).shape(), (Shape{0, 4}));
  EXPECT_EQ(message<ValueError>([] { positional_encoding(3, 0); }),
            "[positional_encoding] there are none of length 3 and width 0");
}

/// Sequences in, sequences out, as a user would build it.
class Seq2Seq final : public Module {
 public:
  Seq2Seq(int64_t symbols, const TransformerLayerConfig& layer)
      : table_({.count = symbols, .width = layer.width, .stddev = 0.5}),
        transformer_({.layer = layer, .encoder_layers = 1, .decoder_layers = 1}),
        head_({.in = layer.width, .out = symbols}) {}
  std::string type() const override { return "Seq2Seq"; }
  void members(Visitor& v) override {
    v("table", table_)("transformer", transformer_)("head", head_);
  }
  Tensor operator()(const Tensor& src, const Tensor& tgt) {
    return head_(transformer_(embedded(src), embedded(tgt), {.tgt = {.causal = true}}));
  }
  /// The likeliest sequence, symbol by symbol from `first` on.
  Tensor generate(const Tensor& src, int64_t first) {
    const NoGrad no_grad;
    const Tensor memory = transformer_.encoder(embedded(src));
    Tensor out = full({src.size(0), 1}, static_cast<double>(first), DType::i64);
    for (int64_t t = 0; t < src.size(1); ++t) {
      const Tensor y = transformer_.decoder(embedded(out), memory, {.tgt = {.causal = true}});
      out = concat({out, argmax(head_(slice(y, 1, -1)), -1)}, 1);
    }
    return slice(out, 1, 1);
  }

 private:
  Tensor embedded(const Tensor& ids) {
    const int64_t width = table_.config().width;
    return table_(ids) + positional_encoding(ids.size(1), width);
  }

  Embedding table_;
  Transformer transformer_;
  Linear head_;
};

TEST(Transformer, LearnsToTurnSequencesAround) {
  constexpr int64_t kSymbols = 8, kLength = 6;  // a symbol more begins targets
  const Generator before = default_generator();
  default_generator() = Generator(3);
  Seq2Seq model(kSymbols + 1, {.width = 32, .heads = 4, .feedforward = 64, .dropout = 0});
  const auto reversed = [](const Tensor& ids) {
    std::vector<Tensor> columns = unbind(ids, 1);
    std::reverse(columns.begin(), columns.end());
    return stack(columns, 1);
  };
  Adam optimizer(model.parameters(), {.lr = 3e-3});
  for (int step = 0; step < 300; ++step) {
    const Tensor src = randint(0, kSymbols, {64, kLength});
    const Tensor wanted = reversed(src);
    const Tensor begin = full({64, 1}, kSymbols, DType::i64);
    const Tensor logits = model(src, concat({begin, slice(wanted, 1, 0, -1)}, 1));
    optimizer.zero_grad();
    backward(cross_entropy(reshape(logits, {-1, kSymbols + 1}), flatten(wanted)));
    optimizer.step();
  }
  model.eval();
  const Tensor src = randint(0, kSymbols, {100, kLength});
  const Tensor right = cast(model.generate(src, kSymbols) == reversed(src), DType::f32);
  EXPECT_GT(mean(right).item<double>(), 0.95);
  default_generator() = before;
}

}  // namespace
}  // namespace strata::nn
