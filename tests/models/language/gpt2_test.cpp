#include "models/language/gpt2.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/io/safetensors.h"
#include "strata/nn/summary.h"
#include "strata/ops/copy.h"
#include "strata/ops/indexing.h"
#include "strata/ops/joining.h"
#include "strata/ops/losses.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/default_device.h"
#include "tests/support/difference.h"
#include "tests/support/message.h"
#include "tests/support/rule_weights.h"

namespace strata::models {
namespace {

using testing::largest_difference;
using testing::message;
using testing::rule_integers;

constexpr int64_t kSamples = 12;

GPT2Config small() {
  return {.vocab_size = 97,
          .n_positions = 23,
          .n_embd = 48,
          .n_layer = 3,
          .n_head = 4,
          .resid_pdrop = 0,
          .embd_pdrop = 0,
          .attn_pdrop = 0};
}

struct Case {
  std::string name;
  GPT2Config config;
  std::vector<int64_t> mask;
};

/// The configs of tools/golden/models_gpt2.py.
std::vector<Case> cases() {
  std::vector<Case> out = {{"plain", small(), {}},
                           {"left", small(), {0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,  //
                                              1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
                           {"right", small(), {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  //
                                               1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0}}};
  out[0].config.layer_norm_epsilon = 1e-2;
  out[1].config.activation_function = "gelu";
  out[1].config.n_inner = 100;
  out[1].config.layer_norm_epsilon = 1e-3;
  out[1].config.scale_attn_by_inverse_layer_idx = true;
  out[2].config.activation_function = "relu";
  out[2].config.n_head = 3;
  out[2].config.tie_word_embeddings = false;
  out[2].config.scale_attn_weights = false;
  return out;
}

TEST(GPT2, EqualsTransformersForwardAndBack) {
  const TensorMap dump =
      load_safetensors(std::string(STRATA_SOURCE_DIR) + "/tests/golden/models/gpt2.safetensors");
  for (const Case& c : cases()) {
    GPT2 model(c.config);
    testing::set_rule_weights(model);
    const bool masked = !c.mask.empty();
    const Tensor mask = masked ? tensor(c.mask, {2, 11}) : Tensor();
    const Tensor logits = model(
        GPT2Inputs{.input_ids = rule_integers("input_ids", {2, 11}, 97), .attention_mask = mask});
    EXPECT_LT(largest_difference(logits, dump.at(c.name + ".logits")), 1e-4) << c.name;
    Tensor labels = rule_integers("labels", {2, 11}, 97);
    for (size_t i = 0; i < c.mask.size(); ++i) {
      if (!c.mask[i]) labels.data<int64_t>()[i] = -100;
    }
    backward(cross_entropy(logits, labels));
    std::map<std::string, Tensor> grads;
    for (const nn::NamedTensor& t : model.named_tensors()) grads[t.name] = t.tensor->grad();
    ASSERT_EQ(static_cast<int64_t>(grads.size()), dump.at(c.name + ".grads").size(0));
    int64_t i = 0;
    for (const auto& [name, grad] : grads) {
      const auto all = grad.to_vector<double>();
      const double largest = select(dump.at(c.name + ".largest"), 0, i).item<double>();
      const auto wanted = select(dump.at(c.name + ".grads"), 0, i++).to_vector<double>();
      for (int64_t k = 0; k < kSamples; ++k) {
        EXPECT_NEAR(all[static_cast<size_t>(k * grad.numel() / kSamples)],
                    wanted[static_cast<size_t>(k)], 1e-4 * largest)
            << c.name << ": gradient of " << name;
      }
    }
  }
}

TEST(GPT2, CountsAreThePublishedOnes) {
  const DeviceScope meta(kMeta);
  const std::pair<const char*, int64_t> sizes[] = {{"gpt2", 124'439'808},
                                                   {"gpt2-medium", 354'823'168},
                                                   {"gpt2-large", 774'030'080},
                                                   {"gpt2-xl", 1'557'611'200}};
  for (const auto& [name, count] : sizes)
    EXPECT_EQ(GPT2(gpt2_config(name)).parameter_count(), count);
  GPT2 nano({.vocab_size = 65,
             .n_positions = 64,
             .n_embd = 128,
             .n_layer = 4,
             .n_head = 4,
             .bias = false});
  EXPECT_EQ(nano.parameter_count(), 804'096);
}

TEST(GPT2, EveryParameterIsVisited) {
  for (const Case& c : cases()) {
    const int64_t before = nn::parameters_made();
    GPT2 model(c.config);
    EXPECT_EQ(nn::parameters_made() - before, static_cast<int64_t>(model.parameters().size()));
  }
}

TEST(GPT2, DecodingWithACacheEqualsTheWholePass) {
  for (const Case& c : cases()) {
    GPT2 model(c.config);
    testing::set_rule_weights(model);
    model.eval();
    const NoGrad no_grad;
    const Tensor ids = rule_integers("input_ids", {2, 11}, 97);
    const Tensor mask = c.mask.empty() ? Tensor() : tensor(c.mask, {2, 11});
    const auto front = [&](int64_t n) { return mask.defined() ? slice(mask, 1, 0, n) : Tensor(); };
    const Tensor whole = model(GPT2Inputs{.input_ids = ids, .attention_mask = mask});
    nn::TransformerCache cache(7);
    for (const auto& [begin, end] : {std::pair{0, 5}, {5, 6}, {6, 9}, {9, 10}, {10, 11}}) {
      const Tensor part = model(GPT2Inputs{.input_ids = slice(ids, 1, begin, end),
                                           .attention_mask = front(end),
                                           .cache = &cache,
                                           .last_only = true});
      EXPECT_EQ(part.shape(), (Shape{2, 1, 97}));
      EXPECT_LT(largest_difference(part, slice(whole, 1, end - 1, end)), 1e-5) << c.name << begin;
    }
    EXPECT_EQ(cache.length(), 11);
  }
}

TEST(GPT2, TextsThatPartShareTheirCache) {
  GPT2 model(small());
  testing::set_rule_weights(model);
  model.eval();
  const NoGrad no_grad;
  const Tensor ids = rule_integers("input_ids", {2, 6}, 97), rows = tensor<int64_t>({1, 1, 0});
  const Tensor next = tensor<int64_t>({3, 40, 96}, {3, 1});
  nn::TransformerCache cache;
  model(GPT2Inputs{.input_ids = ids, .cache = &cache});
  cache.reorder(rows);
  const Tensor y = model(GPT2Inputs{.input_ids = next, .cache = &cache});
  const Tensor whole = model(concat({index_select(ids, 0, rows), next}, 1));
  EXPECT_LT(largest_difference(y, slice(whole, 1, 6)), 1e-5);
}

TEST(GPT2, CachesHaveTheHiddenStatesDtype) {
  for (const auto& [dtype, bound] : {std::pair{DType::f64, 1e-12}, {DType::bf16, 0.05}}) {
    GPT2 model(small());
    testing::set_rule_weights(model);
    model.eval();
    model.to(dtype);
    const NoGrad no_grad;
    const Tensor ids = rule_integers("input_ids", {1, 11}, 97);
    const Tensor whole = model(ids);
    EXPECT_EQ(whole.dtype(), dtype);
    nn::TransformerCache cache;
    for (int64_t i = 0; i < 11; ++i) {
      const Tensor part = model(GPT2Inputs{.input_ids = slice(ids, 1, i, i + 1), .cache = &cache});
      EXPECT_LT(largest_difference(part, slice(whole, 1, i, i + 1)), bound) << name_of(dtype) << i;
    }
  }
}

TEST(GPT2, MatricesInBf16GiveTheResultsOfTheirF32Values) {
  for (const Case& c : cases()) {
    GPT2 narrow(c.config), wide(c.config);
    for (GPT2* model : {&narrow, &wide}) {
      testing::set_rule_weights(*model);
      model->eval();
      model->keep_matrices_in(DType::bf16);
    }
    wide.keep_matrices_in(DType::f32);
    const NoGrad no_grad;
    const Tensor ids = rule_integers("input_ids", {1, 11}, 97);
    const Tensor whole = wide(ids);
    EXPECT_EQ(whole.dtype(), DType::f32);
    EXPECT_LT(largest_difference(narrow(ids), whole), 1e-5) << c.name;
    nn::TransformerCache cache;
    for (int64_t i = 0; i < 11; ++i) {
      const Tensor part = narrow(GPT2Inputs{.input_ids = slice(ids, 1, i, i + 1), .cache = &cache});
      EXPECT_LT(largest_difference(part, slice(whole, 1, i, i + 1)), 1e-5) << c.name << i;
    }
  }
  GPT2 model(small());
  model.keep_matrices_in(DType::bf16);
  for (const nn::NamedTensor& t : model.named_tensors()) {
    const bool matrix = t.tensor->rank() == 2 && t.name != "transformer.wpe.weight";
    EXPECT_EQ(t.tensor->dtype(), matrix ? DType::bf16 : DType::f32) << t.name;
  }
  EXPECT_THROW(model.keep_matrices_in(DType::f64), ValueError);
}

TEST(GPT2, PositionsMayBeGiven) {
  GPT2 model(small());
  model.eval();
  const NoGrad no_grad;
  const Tensor ids = rule_integers("input_ids", {1, 4}, 97);
  const Tensor moved =
      model(GPT2Inputs{.input_ids = ids, .position_ids = tensor<int64_t>({5, 6, 7, 8}, {1, 4})});
  EXPECT_GT(largest_difference(moved, model(ids)), 1e-4);
  EXPECT_EQ(
      largest_difference(model(GPT2Inputs{.input_ids = ids,
                                          .position_ids = tensor<int64_t>({0, 1, 2, 3}, {1, 4})}),
                         model(ids)),
      0);
}

TEST(GPT2, DropsOnlyInTraining) {
  GPT2Config config = small();
  config.attn_pdrop = 0.5;
  for (double p : {0.0, 0.5}) {
    config.resid_pdrop = config.embd_pdrop = p;
    GPT2 model(config);
    const Tensor ids = rule_integers("input_ids", {1, 9}, 97);
    EXPECT_GT(largest_difference(model(ids), model(ids)), 0);
    model.eval();
    EXPECT_EQ(largest_difference(model(ids), model(ids)), 0);
  }
}

TEST(GPT2, SaysWhatIsWrong) {
  const auto make = [](auto change) {
    return [change] {
      GPT2Config c = small();
      change(c);
      GPT2 model(c);
    };
  };
  EXPECT_EQ(message<ValueError>(make([](auto& c) { c.n_head = 5; })),
            "[GPT2] .n_embd 48 is no multiple of .n_head 5");
  EXPECT_EQ(message<ValueError>(make([](auto& c) { c.n_layer = 0; })),
            "[GPT2] .n_layer must be at least 1, got 0");
  EXPECT_EQ(message<ValueError>(make([](auto& c) { c.n_layer = int64_t{1} << 40; })),
            "[GPT2] .n_layer must be at most 10000, got 1099511627776");
  EXPECT_NE(message<ValueError>(make([](auto& c) {
              c.activation_function = "mish";
            })).find("activation_function mish is not known"),
            std::string::npos);
  EXPECT_NE(message<ValueError>([] { gpt2_config("gpt3"); }).find("no size named gpt3"),
            std::string::npos);
  GPT2 model(small());
  EXPECT_EQ(message<ValueError>([&] {
              model(rule_integers("x", {1, 24}, 97));
            }),
            "[GPT2] 24 tokens do not fit the context of 23 (n_positions)");
  EXPECT_THROW(model(tensor<int64_t>({97}, {1, 1})), IndexError);
  EXPECT_THROW(model(tensor<int64_t>({-1}, {1, 1})), IndexError);
  EXPECT_THROW(model(tensor<int64_t>({1}, {1})), ShapeError);
  EXPECT_THROW(model(GPT2Inputs{.input_ids = tensor<int64_t>({1, 2}, {1, 2}),
                                .attention_mask = tensor<int64_t>({1}, {1, 1})}),
               ShapeError);
  nn::TransformerCache cache;
  const GPT2Inputs one = {.input_ids = tensor<int64_t>({1, 2, 3}, {1, 3}), .cache = &cache};
  EXPECT_THROW(model(one), GradError);
  const NoGrad no_grad;
  model(one);
  EXPECT_EQ(message<ShapeError>([&] {
              model(GPT2Inputs{.input_ids = tensor<int64_t>({1, 2}, {2, 1}), .cache = &cache});
            }),
            "[AttentionCache] keys f32[2, 4, 1, 12] do not continue those kept, f32[1, 4, 3, 12]");
  EXPECT_EQ(cache.length(), 3);
  EXPECT_EQ(message<ValueError>([&] {
              model(GPT2Inputs{.input_ids = rule_integers("x", {1, 21}, 97), .cache = &cache});
            }),
            "[GPT2] 24 tokens do not fit the context of 23 (n_positions)");
  GPT2Config deeper = small();
  deeper.n_layer = 4;
  GPT2 other(deeper);
  EXPECT_EQ(message<ValueError>([&] { other(one); }),
            "[GPT2] the cache holds 3 layers, the stack has 4");
}

}  // namespace
}  // namespace strata::models
