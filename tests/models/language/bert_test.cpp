#include "models/language/bert.h"

#include <string>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/default_device.h"
#include "tests/support/golden_model.h"
#include "tests/support/message.h"
#include "tests/support/rule_weights.h"

namespace strata::models {
namespace {

using testing::message;
using testing::rule_integers;
using testing::rule_tensor;

BertConfig small(const std::string& architecture) {
  return {.vocab_size = 97,
          .hidden_size = 48,
          .num_hidden_layers = 3,
          .num_attention_heads = 4,
          .intermediate_size = 100,
          .hidden_dropout_prob = 0,
          .attention_probs_dropout_prob = 0,
          .max_position_embeddings = 23,
          .architecture = architecture};
}

struct Case {
  std::string name;
  BertConfig config;
  std::vector<int64_t> mask;
};

/// The configs of tools/golden/models_bert_vit.py.
std::vector<Case> cases() {
  std::vector<Case> out = {
      {"model", small("BertModel"), {}},
      {"left", small("BertForMaskedLM"), {0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,  //
                                          1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
      {"right", small("BertForPreTraining"), {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  //
                                              1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0}}};
  out[0].config.layer_norm_eps = 1e-2;
  out[1].config.hidden_act = "relu";
  out[1].config.layer_norm_eps = 1e-3;
  out[2].config.hidden_act = "gelu_new";
  return out;
}

BertInputs inputs(const Case& c) {
  return {.input_ids = rule_integers("input_ids", {2, 11}, 97),
          .attention_mask = c.mask.empty() ? Tensor() : tensor(c.mask, {2, 11}),
          .token_type_ids = rule_integers("token_type_ids", {2, 11}, 2)};
}

/// What transformers calls the outputs of each case.
TensorMap named(const Case& c, const BertOutputs& out) {
  if (c.name == "model") {
    return {{"last_hidden_state", out.hidden}, {"pooler_output", out.pooled}};
  }
  if (c.name == "left") return {{"logits", out.logits}};
  return {{"prediction_logits", out.logits}, {"seq_relationship_logits", out.relationship}};
}

TEST(Bert, EqualsTransformersForwardAndBack) {
  const TensorMap dump =
      load_safetensors(std::string(STRATA_SOURCE_DIR) + "/tests/golden/models/bert.safetensors");
  for (const Case& c : cases()) {
    Bert model(c.config);
    testing::set_rule_weights(model);
    Tensor loss;
    for (const auto& [key, y] : named(c, model(inputs(c)))) {
      testing::expect_near(y, dump.at(c.name + "." + key), c.name + "." + key);
      const Tensor part = sum(y * rule_tensor("d" + key, y.shape()));
      loss = loss.defined() ? loss + part : part;
    }
    backward(loss);
    testing::expect_gradients(model, dump, c.name);
    const NoGrad no_grad;
    for (const auto& [key, y] : named(c, model(inputs(c)))) {
      testing::expect_near(y, dump.at(c.name + "." + key),
                           c.name + "." + key + " without gradients");
    }
  }
}

TEST(Bert, CountsAreThePublishedOnes) {
  const DeviceScope meta(kMeta);
  const auto count = [](const char* name, const char* architecture) {
    BertConfig c = bert_config(name);
    c.architecture = architecture;
    return Bert(c).parameter_count();
  };
  EXPECT_EQ(count("bert-base-uncased", "BertModel"), 109'482'240);
  EXPECT_EQ(count("bert-base-cased", "BertModel"), 108'310'272);
  EXPECT_EQ(count("bert-large-uncased", "BertModel"), 335'141'888);
  EXPECT_EQ(count("bert-base-uncased", "BertForMaskedLM"), 109'514'298);
  EXPECT_EQ(count("bert-base-uncased", "BertForPreTraining"), 110'106'428);
}

TEST(Bert, QueriesKeysAndValuesHaveNamesOfTheirOwn) {
  Bert model(small("BertModel"));
  std::vector<std::string> names;
  for (const auto& t : model.named_tensors()) names.push_back(t.name);
  for (const char* part : {"query.weight", "key.weight", "value.weight", "value.bias"}) {
    EXPECT_NE(std::find(names.begin(), names.end(),
                        std::string("encoder.layer.2.attention.self.") + part),
              names.end())
        << part;
  }
  testing::set_rule_weights(model);
  const Case c = cases()[0];
  const NoGrad no_grad;
  const Tensor before = model(inputs(c)).hidden;
  model.to(DType::f64);
  model.to(DType::f32);  // each now has memory of its own
  testing::expect_near(model(inputs(c)).hidden, before, "after changes of dtype");
}

TEST(Bert, SaysWhatDoesNotFit) {
  const auto has = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  BertConfig c = small("BertModel");
  c.num_attention_heads = 5;
  has(message<ValueError>([&] { Bert{c}; }), "48 is no multiple of .num_attention_heads 5");
  c = small("BertForDreams");
  has(message<ValueError>([&] { Bert{c}; }), "BertForDreams is not known");
  c = small("BertModel");
  c.hidden_act = "mish";
  has(message<ValueError>([&] { Bert{c}; }), "hidden_act mish");
  c = small("BertModel");
  c.num_hidden_layers = 1'000'000'000;
  has(message<ValueError>([&] { Bert{c}; }), "at most");
  Bert model(small("BertModel"));
  const auto run = [&](const Tensor& ids, const Tensor& mask) {
    model(BertInputs{.input_ids = ids, .attention_mask = mask});
  };
  const Tensor ids = rule_integers("input_ids", {2, 11}, 97);
  has(message<ValueError>([&] { run(rule_integers("x", {1, 24}, 97), {}); }), "24 tokens");
  has(message<IndexError>([&] {
        run(rule_integers("x", {2, 11}, 500), {});
      }),
      "outside of [0, 96]");
  has(message<ShapeError>([&] { run(ids, slice(ids, 1, 1)); }), "attention_mask");
}

}  // namespace
}  // namespace strata::models
