#include "models/vision/vit.h"

#include <string>

#include <gtest/gtest.h>

#include "recipes/shared/vit_names.h"
#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/reduce.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/default_device.h"
#include "tests/support/golden_model.h"
#include "tests/support/message.h"
#include "tests/support/rule_weights.h"

namespace strata::models {
namespace {

using testing::message;
using testing::rule_tensor;

struct Case {
  std::string name;
  ViTConfig config;
  int64_t height, width;
};

ViTConfig small() {
  return {.image_size = 24,
          .patch_size = 8,
          .hidden_size = 48,
          .num_hidden_layers = 3,
          .num_attention_heads = 4,
          .intermediate_size = 100,
          .num_labels = 7};
}

/// The configs of tools/golden/models_bert_vit.py.
std::vector<Case> cases() {
  std::vector<Case> out = {
      {"torchvision", small(), 24, 24}, {"labels", small(), 24, 32}, {"larger", small(), 40, 29}};
  ViTConfig& labels = out[1].config;
  labels.image_width = 32, labels.qkv_bias = false, labels.layer_norm_eps = 1e-2;
  labels.hidden_act = "silu", labels.naming = "huggingface";
  ViTConfig& larger = out[2].config;
  larger.hidden_act = "gelu_new", larger.layer_norm_eps = 1e-12;
  larger.naming = "huggingface", larger.architecture = "ViTModel";
  return out;
}

TensorMap named(const ViTOutputs& out) {
  if (out.logits.defined()) return {{"logits", out.logits}};
  return {{"last_hidden_state", out.hidden}, {"pooler_output", out.pooled}};
}

TEST(ViT, EqualsTorchvisionAndTransformersForwardAndBack) {
  const TensorMap dump =
      load_safetensors(std::string(STRATA_SOURCE_DIR) + "/tests/golden/models/vit.safetensors");
  for (const Case& c : cases()) {
    ViT model(c.config);
    testing::set_rule_weights(model);
    Tensor loss;
    for (const auto& [key, y] : named(model.outputs(rule_tensor("x", {2, c.height, c.width, 3})))) {
      testing::expect_near(y, dump.at(c.name + "." + key), c.name + "." + key);
      const Tensor part = sum(y * rule_tensor("d" + key, y.shape()));
      loss = loss.defined() ? loss + part : part;
    }
    backward(loss);
    testing::expect_gradients(model, dump, c.name);
  }
}

// transformers 4 and 5 drop behind the embeddings, a block's attention and its MLP; torchvision's
// MLP has a dropout behind its activation besides. Each draws one stream.
TEST(ViT, DropsWhereItsNamesakeDoes) {
  for (const auto& [naming, per_block] : {std::pair{"huggingface", 2}, {"torchvision", 3}}) {
    ViTConfig config = small();
    config.naming = naming, config.hidden_dropout_prob = 0.5;
    ViT model(config);
    const uint64_t before = default_generator().stream;
    model(rule_tensor("x", {1, 24, 24, 3}));
    EXPECT_EQ(default_generator().stream - before,
              static_cast<uint64_t>(1 + per_block * config.num_hidden_layers))
        << naming;
  }
}

TEST(ViT, CountsAreThePublishedOnes) {
  const DeviceScope meta(kMeta);
  const std::pair<const char*, int64_t> sizes[] = {{"vit_b_16", 86'567'656},
                                                   {"vit_b_32", 88'224'232},
                                                   {"vit_l_16", 304'326'632},
                                                   {"vit_l_32", 306'535'400},
                                                   {"vit_h_14", 632'045'800}};
  for (const auto& [name, count] : sizes) {
    EXPECT_EQ(ViT(vit_config(name)).parameter_count(), count) << name;
  }
  ViTConfig hub = vit_config("vit_b_16");
  hub.naming = "huggingface", hub.architecture = "ViTModel";
  EXPECT_EQ(ViT(hub).parameter_count(), 86'389'248);
}

TEST(ViT, WeightsGoFromEitherNamingToTheOther) {
  ViTConfig hub = small();
  hub.naming = "huggingface";
  ViT ours(small()), theirs(hub), back(small());
  testing::set_rule_weights(ours);
  nn::load_state_dict(theirs, recipes::rename_vit(nn::state_dict(ours), hub));
  nn::load_state_dict(back, recipes::rename_vit(nn::state_dict(theirs), small()));
  const NoGrad no_grad;
  const Tensor x = rule_tensor("x", {1, 24, 24, 3});
  const auto wanted = ours(x).to_vector<float>();
  EXPECT_EQ(theirs(x).to_vector<float>(), wanted);
  EXPECT_EQ(back(x).to_vector<float>(), wanted);
}

TEST(ViT, ReadsTorchvisionsFirstNames) {
  ViT model(small());
  testing::set_rule_weights(model);
  TensorMap old;
  for (const auto& [present, value] : nn::state_dict(model)) {
    std::string name = present;
    for (const auto& [now, then] :
         {std::pair("mlp.0.", "mlp.linear_1."), {"mlp.3.", "mlp.linear_2."}}) {
      const size_t at = name.find(now);
      if (at != std::string::npos) name.replace(at, std::string(now).size(), then);
    }
    old[name] = value;
  }
  EXPECT_TRUE(nn::load_state_dict(model, recipes::rename_vit(old, small())).complete());
}

TEST(ViT, SaysWhatDoesNotFit) {
  const auto has = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  const auto fault = [](const ViTConfig& c) { return message<ValueError>([&] { ViT{c}; }); };
  ViTConfig c = small();
  c.patch_size = 25;
  has(fault(c), "have no patch of 25");
  c = small(), c.num_attention_heads = 7;
  has(fault(c), "no multiple");
  c = small(), c.architecture = "ViTModel";
  has(fault(c), "ViTModel is not known");
  c = small(), c.naming = "mine";
  has(fault(c), "naming");
  ViT model(small());
  has(message<ShapeError>([&] { model(rule_tensor("x", {1, 24, 24, 1})); }), "[N, H, W, 3]");
  has(message<ShapeError>([&] { model(rule_tensor("x", {1, 7, 24, 3})); }), "of 8 pixels or more");
}

}  // namespace
}  // namespace strata::models
