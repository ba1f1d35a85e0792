#include "models/language/bert.h"

#include <utility>

#include <fmt/format.h>

#include "models/hub_activation.h"
#include "models/padding_mask.h"
#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/nn/heads.h"
#include "strata/nn/init.h"
#include "strata/nn/precision.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/attention.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/linear.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata::models {
namespace {

constexpr int64_t kMostLayers = 10'000;  // the largest networks have a few hundred

nn::Activation activation_of(const std::string& name) {
  return hub_activation("Bert", "hidden_act", name);
}

BertConfig checked(const BertConfig& c) {
  nn::require_positive("Bert", {{"vocab_size", c.vocab_size},
                                {"hidden_size", c.hidden_size},
                                {"num_hidden_layers", c.num_hidden_layers},
                                {"num_attention_heads", c.num_attention_heads},
                                {"intermediate_size", c.intermediate_size},
                                {"max_position_embeddings", c.max_position_embeddings},
                                {"type_vocab_size", c.type_vocab_size},
                                {"num_labels", c.num_labels}});
  if (c.hidden_size % c.num_attention_heads != 0) {
    throw ValueError("Bert",
                     fmt::format(".hidden_size {} is no multiple of .num_attention_heads {}",
                                 c.hidden_size, c.num_attention_heads));
  }
  if (c.num_hidden_layers > kMostLayers) {
    throw ValueError("Bert", fmt::format(".num_hidden_layers must be at most {}, got {}",
                                         kMostLayers, c.num_hidden_layers));
  }
  if (!(c.layer_norm_eps > 0)) {
    throw ValueError("Bert",
                     fmt::format(".layer_norm_eps must be above 0, got {}", c.layer_norm_eps));
  }
  activation_of(c.hidden_act);
  return c;
}

nn::Linear linear_of(int64_t in, int64_t out, double stddev,
                     nn::Activation activation = nn::Activation::none) {
  nn::Linear made({.in = in, .out = out, .activation = activation});
  nn::init::normal(made.weight, 0, stddev);
  nn::init::constant(made.bias, 0);
  return made;
}

nn::LayerNormConfig norm_config(const BertConfig& c) {
  return {.shape = {c.hidden_size}, .eps = c.layer_norm_eps};
}

nn::EmbeddingConfig table_config(const BertConfig& c, int64_t count) {
  return {.count = count, .width = c.hidden_size, .stddev = c.initializer_range};
}

nn::EmbeddingConfig word_config(const BertConfig& c) {
  nn::EmbeddingConfig config = table_config(c, c.vocab_size);
  if (c.pad_token_id >= 0) config.padding_idx = c.pad_token_id;
  return config;
}

void check_inputs(const BertInputs& in, const BertConfig& config) {
  const Tensor& ids = in.input_ids;
  if (ids.rank() != 2 || ids.size(1) == 0) {
    throw ShapeError("Bert", "input_ids must be [batch, length], got " + describe(ids));
  }
  if (ids.size(1) > config.max_position_embeddings) {
    throw ValueError("Bert", fmt::format("{} tokens are more than max_position_embeddings, {}",
                                         ids.size(1), config.max_position_embeddings));
  }
  const std::pair<const char*, const Tensor*> others[] = {{"attention_mask", &in.attention_mask},
                                                          {"token_type_ids", &in.token_type_ids}};
  for (const auto& [name, t] : others) {
    if (t->defined() && t->shape() != ids.shape()) {
      throw ShapeError(
          "Bert", fmt::format("{} must be {}, got {}", name, to_string(ids.shape()), describe(*t)));
    }
  }
}

}  // namespace

void BertConfig::fields(FieldVisitor& v) {
  v("vocab_size", vocab_size, "tokens that are known");
  v("hidden_size", hidden_size, "width of the hidden states");
  v("num_hidden_layers", num_hidden_layers, "blocks");
  v("num_attention_heads", num_attention_heads, "heads of attention in a block");
  v("intermediate_size", intermediate_size, "width inside the MLPs");
  v("hidden_act", hidden_act, "of the MLPs: gelu, gelu_new, relu, silu, tanh");
  v("hidden_dropout_prob", hidden_dropout_prob, "dropout behind embeddings, attention and MLPs");
  v("attention_probs_dropout_prob", attention_probs_dropout_prob,
    "dropout of the attention weights");
  v("max_position_embeddings", max_position_embeddings, "longest text, in tokens");
  v("type_vocab_size", type_vocab_size, "kinds of tokens: of the first text, of the second");
  v("initializer_range", initializer_range, "standard deviation of the first weights");
  v("layer_norm_eps", layer_norm_eps, "added to the variance in norms");
  v("pad_token_id", pad_token_id, "token that fills shorter texts; -1: none");
  v("tie_word_embeddings", tie_word_embeddings, "masked tokens are scored by the embeddings");
  v("architecture", architecture,
    "BertModel, BertForMaskedLM, BertForPreTraining, BertForSequenceClassification or "
    "BertForTokenClassification");
  v("num_labels", num_labels, "classes of the classifications");
  v("add_pooling_layer", add_pooling_layer, "whether a BertModel has a pooler");
}

BertConfig bert_config(const std::string& name) {
  BertConfig c;
  if (name == "bert-base-uncased") return c;
  if (name == "bert-base-cased") {
    c.vocab_size = 28996;
  } else if (name == "bert-large-uncased") {
    c.hidden_size = 1024, c.num_hidden_layers = 24, c.num_attention_heads = 16;
    c.intermediate_size = 4096;
  } else {
    throw ValueError("Bert", fmt::format("there is no size named {}", name),
                     "bert-base-uncased, bert-base-cased, bert-large-uncased");
  }
  return c;
}

BertParts bert_parts(const BertConfig& config) {
  const std::string& architecture = config.architecture;
  const std::pair<const char*, BertParts> known[] = {
      {"BertModel", {.pooler = config.add_pooling_layer, .prefix = false}},
      {"BertForMaskedLM", {.predictions = true}},
      {"BertForPreTraining", {.pooler = true, .predictions = true, .relationship = true}},
      {"BertForSequenceClassification", {.pooler = true, .classifier = true}},
      {"BertForTokenClassification", {.classifier = true}}};
  std::string names;
  for (const auto& [name, parts] : known) {
    if (architecture == name) return parts;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  throw ValueError("Bert", fmt::format("the architecture {} is not known", architecture), names);
}

BertEmbeddings::BertEmbeddings(const BertConfig& c)
    : word_embeddings(word_config(c)),
      position_embeddings_(table_config(c, c.max_position_embeddings)),
      token_type_embeddings_(table_config(c, c.type_vocab_size)),
      norm_(norm_config(c)),
      dropout_({.p = c.hidden_dropout_prob}) {}

void BertEmbeddings::members(nn::Visitor& v) {
  v("word_embeddings", word_embeddings)("position_embeddings", position_embeddings_);
  v("token_type_embeddings", token_type_embeddings_)("LayerNorm", norm_)("dropout", dropout_);
}

Tensor BertEmbeddings::operator()(const BertInputs& in) {
  return nn::observe_call(*this, [&] {
    const Tensor& ids = in.input_ids;
    const auto length = static_cast<double>(ids.size(1));
    const Tensor positions = in.position_ids.defined()
                                 ? in.position_ids
                                 : unsqueeze(arange(0, length, 1, DType::i64, ids.device()), 0);
    const Tensor types = in.token_type_ids.defined()
                             ? in.token_type_ids
                             : zeros({1, ids.size(1)}, DType::i64, ids.device());
    const Tensor sum = word_embeddings(ids) + token_type_embeddings_(types);
    return dropout_(norm_(sum + position_embeddings_(positions)));
  });
}

BertLayer::BertLayer(const BertConfig& c)
    : heads_(c.num_attention_heads),
      attention_dropout_(c.attention_probs_dropout_prob),
      qkv_({.width = c.hidden_size}),
      attention_output_(linear_of(c.hidden_size, c.hidden_size, c.initializer_range)),
      attention_norm_(norm_config(c)),
      intermediate_(linear_of(c.hidden_size, c.intermediate_size, c.initializer_range,
                              activation_of(c.hidden_act))),
      output_(linear_of(c.intermediate_size, c.hidden_size, c.initializer_range)),
      output_norm_(norm_config(c)),
      dropout_({.p = c.hidden_dropout_prob}) {
  qkv_.init_normal(c.initializer_range);
}

void BertLayer::members(nn::Visitor& v) {
  v("attention.self", qkv_)("attention.output.dense", attention_output_);
  v("attention.output.LayerNorm", attention_norm_)("intermediate.dense", intermediate_);
  v("output.dense", output_)("output.LayerNorm", output_norm_)("dropout", dropout_);
}

Tensor BertLayer::operator()(const Tensor& x, const Tensor& mask) {
  return nn::observe_call(*this, [&] {
    const std::vector<Tensor> qkv = split(qkv_(x), x.size(2), 2);
    const Tensor seen = scaled_dot_product_attention(
        nn::split_heads(qkv[0], heads_), nn::split_heads(qkv[1], heads_),
        nn::split_heads(qkv[2], heads_),
        {.mask = mask, .dropout = training() ? attention_dropout_ : 0});
    const Tensor merged = nn::merge_heads(seen);
    const Tensor h = attention_norm_(dropout_(attention_output_(merged)) + x);
    return output_norm_(dropout_(output_(intermediate_(h))) + h);
  });
}

BertPredictions::BertPredictions(const BertConfig& c)
    : dense_(linear_of(c.hidden_size, c.hidden_size, c.initializer_range,
                       activation_of(c.hidden_act))),
      norm_(norm_config(c)),
      bias_(nn::parameter({c.vocab_size})) {
  nn::init::constant(bias_, 0);
  if (c.tie_word_embeddings) return;
  decoder_ = nn::parameter({c.vocab_size, c.hidden_size});
  nn::init::normal(decoder_, 0, c.initializer_range);
}

void BertPredictions::members(nn::Visitor& v) {
  v("transform.dense", dense_)("transform.LayerNorm", norm_);
  v("decoder.weight", decoder_)(decoder_.defined() ? "decoder.bias" : "bias", bias_);
}

Tensor BertPredictions::operator()(const Tensor& hidden, const Tensor& table) {
  return nn::observe_call(*this, [&] {
    const Tensor x = norm_(dense_(hidden));
    const Tensor& scores = decoder_.defined() ? decoder_ : table;
    return cast(linear(nn::to_compute(x), nn::to_compute(scores), nn::to_compute(bias_)),
                x.dtype());
  });
}

Bert::Bert(const BertConfig& config)
    : config_(checked(config)),
      parts_(bert_parts(config)),
      embeddings_(config),
      dropout_({.p = config.hidden_dropout_prob}) {
  const auto linear = [&](int64_t out) {
    return std::make_unique<nn::Linear>(
        linear_of(config.hidden_size, out, config.initializer_range));
  };
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) layers_.add(config);
  if (parts_.pooler) pooler_ = linear(config.hidden_size);
  if (parts_.predictions) predictions_ = std::make_unique<BertPredictions>(config);
  if (parts_.relationship) relationship_ = linear(2);
  if (parts_.classifier) classifier_ = linear(config.num_labels);
}

void Bert::members(nn::Visitor& v) {
  const std::string before = parts_.prefix ? "bert." : "";
  v(before + "embeddings", embeddings_)(before + "encoder.layer", layers_);
  if (pooler_) v(before + "pooler.dense", *pooler_);
  if (predictions_) v("cls.predictions", *predictions_);
  if (relationship_) v("cls.seq_relationship", *relationship_);
  if (classifier_) v("dropout", dropout_)("classifier", *classifier_);
}

Tensor Bert::label_logits(const BertOutputs& out) {
  return (*classifier_)(dropout_(pooler_ ? out.pooled : out.hidden));
}

Tensor Bert::forward(const Tensor& input_ids) {
  const BertOutputs out = (*this)(BertInputs{.input_ids = input_ids});
  return out.logits.defined() ? out.logits : out.hidden;
}

BertOutputs Bert::operator()(const BertInputs& in) {
  check_inputs(in, config_);
  return nn::observe_call(*this, [&] {
    BertOutputs out;
    const Tensor mask = padding_mask(in.attention_mask);
    Tensor x = embeddings_(in);
    for (auto& layer : layers_) x = (*layer)(x, mask);
    out.hidden = x;
    if (pooler_) out.pooled = tanh((*pooler_)(select(x, 1, 0)));
    if (predictions_) out.logits = (*predictions_)(x, embeddings_.word_embeddings.weight);
    if (relationship_) out.relationship = (*relationship_)(out.pooled);
    if (classifier_) out.logits = label_logits(out);
    return out;
  });
}

}  // namespace strata::models
