#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "strata/base/fields.h"
#include "strata/nn/layers/dropout.h"
#include "strata/nn/layers/embedding.h"
#include "strata/nn/layers/layer_norm.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/module_list.h"
#include "strata/nn/layers/qkv_projection.h"

namespace strata::models {

/// Fields and defaults of the hub's config.json of a "bert".
struct BertConfig {
  int64_t vocab_size = 30522;
  int64_t hidden_size = 768;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 12;
  int64_t intermediate_size = 3072;
  std::string hidden_act = "gelu";
  double hidden_dropout_prob = 0.1;
  double attention_probs_dropout_prob = 0.1;
  int64_t max_position_embeddings = 512;
  int64_t type_vocab_size = 2;
  double initializer_range = 0.02;
  double layer_norm_eps = 1e-12;
  int64_t pad_token_id = 0;  ///< its embedding gets no gradient; below 0: none
  bool tie_word_embeddings = true;
  /// The hub's name for what stands on the encoder: BertModel (the pooler), BertForMaskedLM,
  /// BertForPreTraining, BertForSequenceClassification or BertForTokenClassification.
  std::string architecture = "BertModel";
  int64_t num_labels = 2;         ///< of the classifications
  bool add_pooling_layer = true;  ///< BertModel alone may lack it

  void fields(FieldVisitor& v);
};

/// The configs of "bert-base-uncased", "bert-base-cased" and "bert-large-uncased". Throws
/// ValueError for others.
BertConfig bert_config(const std::string& name);

/// The parts that an architecture has beside the encoder.
struct BertParts {
  bool pooler = false, predictions = false, relationship = false, classifier = false;
  bool prefix = true;  ///< "bert." stands before the encoder's names
};
/// Throws ValueError for an architecture that is not known.
BertParts bert_parts(const BertConfig& config);

struct BertInputs {
  Tensor input_ids;            ///< integers [B, T]
  Tensor attention_mask = {};  ///< [B, T], zero where padding stands; undefined: none
  Tensor token_type_ids = {};  ///< integers [B, T]; undefined: all 0
  Tensor position_ids = {};    ///< integers [B, T] or [1, T]; undefined: 0, 1, ...
};

struct BertOutputs {
  Tensor hidden;        ///< the last hidden states, [B, T, hidden_size]
  Tensor pooled;        ///< [B, hidden_size], or undefined
  Tensor logits;        ///< of the vocabulary or the labels, or undefined
  Tensor relationship;  ///< logits of "is the next sentence", [B, 2], or undefined
};

class BertEmbeddings final : public nn::Module {
 public:
  explicit BertEmbeddings(const BertConfig& config);
  std::string type() const override { return "BertEmbeddings"; }
  void members(nn::Visitor& v) override;
  Tensor operator()(const BertInputs& in);

  nn::Embedding word_embeddings;

 private:
  nn::Embedding position_embeddings_, token_type_embeddings_;
  nn::LayerNorm norm_;
  nn::Dropout dropout_;
};

/// norm(x + attention(x)), then norm(x + mlp(x)).
class BertLayer final : public nn::Module {
 public:
  explicit BertLayer(const BertConfig& config);
  std::string type() const override { return "BertLayer"; }
  void members(nn::Visitor& v) override;
  /// x [B, T, hidden_size], mask as scaled_dot_product_attention takes it.
  Tensor operator()(const Tensor& x, const Tensor& mask);

 private:
  int64_t heads_;
  double attention_dropout_;
  nn::QkvProjection qkv_;
  nn::Linear attention_output_;
  nn::LayerNorm attention_norm_;
  nn::Linear intermediate_, output_;
  nn::LayerNorm output_norm_;
  nn::Dropout dropout_;
};

/// What guesses masked tokens: a layer, and the scores of its result against all embeddings.
class BertPredictions final : public nn::Module {
 public:
  explicit BertPredictions(const BertConfig& config);
  std::string type() const override { return "BertPredictions"; }
  void members(nn::Visitor& v) override;
  /// `table` are the embeddings, in place of a decoder of its own where they are tied.
  Tensor operator()(const Tensor& hidden, const Tensor& table);

 private:
  nn::Linear dense_;
  nn::LayerNorm norm_;
  Tensor bias_, decoder_;
};

/// BERT with the names of the hub's files. BertModel has 109,482,240 (base, uncased), 108,310,272
/// (base, cased) and 335,141,888 parameters (large, uncased), the base one for masks 109,514,298.
/// Devlin et al., "BERT: Pre-training of deep bidirectional transformers for language
/// understanding", 2019.
class Bert final : public nn::Module {
 public:
  /// Throws ValueError for sizes that are missing, absurd or do not divide, for an unknown
  /// activation and an unknown architecture.
  explicit Bert(const BertConfig& config);

  std::string type() const override { return "Bert"; }
  void members(nn::Visitor& v) override;
  /// input_ids [B, T] to the last hidden states, or to logits where the architecture has some.
  Tensor forward(const Tensor& input_ids) override;
  /// Throws ValueError for more positions than max_position_embeddings, IndexError for ids outside
  /// of the vocabulary, ShapeError.
  BertOutputs operator()(const BertInputs& in);
  using nn::Module::operator();

  const BertConfig& config() const { return config_; }

 private:
  Tensor label_logits(const BertOutputs& out);

  BertConfig config_;
  BertParts parts_;
  BertEmbeddings embeddings_;
  nn::ModuleList<BertLayer> layers_;
  std::unique_ptr<nn::Linear> pooler_;
  std::unique_ptr<BertPredictions> predictions_;
  std::unique_ptr<nn::Linear> relationship_, classifier_;
  nn::Dropout dropout_;
};

}  // namespace strata::models
