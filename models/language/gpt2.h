#pragma once

#include <cstdint>
#include <string>

#include "strata/base/fields.h"
#include "strata/kernels/activation.h"
#include "strata/nn/layers/attention_cache.h"
#include "strata/nn/layers/dropout.h"
#include "strata/nn/layers/embedding.h"
#include "strata/nn/layers/layer_norm.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/module_list.h"

namespace strata::models {

/// Fields and defaults of the hub's config.json of a "gpt2".
struct GPT2Config {
  int64_t vocab_size = 50257;
  int64_t n_positions = 1024;
  int64_t n_embd = 768;
  int64_t n_layer = 12;
  int64_t n_head = 12;
  int64_t n_inner = 0;  ///< 0: four times n_embd
  std::string activation_function = "gelu_new";
  double layer_norm_epsilon = 1e-5;
  double resid_pdrop = 0.1;
  double embd_pdrop = 0.1;
  double attn_pdrop = 0.1;
  double initializer_range = 0.02;
  bool scale_attn_weights = true;
  bool scale_attn_by_inverse_layer_idx = false;
  bool tie_word_embeddings = true;
  int64_t bos_token_id = 50256;  ///< begins a text; kept for saved folders
  int64_t eos_token_id = 50256;  ///< ends a text
  bool bias = true;  ///< of all layers, norms included; not in config.json, where they have one

  void fields(FieldVisitor& v);
};

/// The configs of "gpt2", "gpt2-medium", "gpt2-large" and "gpt2-xl". Throws ValueError for others.
GPT2Config gpt2_config(const std::string& name);

/// The hub's Conv1D: y = activation(x W + b) with weight [in, out], the transpose of a Linear's.
class Conv1D final : public nn::Module {
 public:
  struct Config {
    int64_t in = -1, out = -1;
    bool bias = true;
    double stddev = 0.02;  ///< of the initial weights
    nn::Activation activation = nn::Activation::none;
  };
  explicit Conv1D(const Config& config);

  std::string type() const override { return "Conv1D"; }
  void members(nn::Visitor& v) override { v("weight", weight)("bias", bias); }
  Tensor forward(const Tensor& x) override;

  Tensor weight;  ///< [in, out]
  Tensor bias;    ///< [out]; undefined without bias

 private:
  Config config_;
};

/// What one pass hands to a layer.
struct GPT2Pass {
  Tensor mask = {};                     ///< bool[B, 1, 1, positions], or undefined
  nn::AttentionCache* cache = nullptr;  ///< the layer's own, or none
};

class GPT2Attention final : public nn::Module {
 public:
  GPT2Attention(const GPT2Config& config, int64_t layer);
  std::string type() const override { return "GPT2Attention"; }
  void members(nn::Visitor& v) override { v("c_attn", c_attn_)("c_proj", c_proj_); }
  Tensor operator()(const Tensor& x, const GPT2Pass& pass);

 private:
  int64_t heads_;
  double scale_, dropout_;
  Conv1D c_attn_, c_proj_;
};

class GPT2MLP final : public nn::Module {
 public:
  explicit GPT2MLP(const GPT2Config& config);
  std::string type() const override { return "GPT2MLP"; }
  void members(nn::Visitor& v) override { v("c_fc", c_fc_)("c_proj", c_proj_); }
  Tensor forward(const Tensor& x) override { return c_proj_(c_fc_(x)); }

 private:
  Conv1D c_fc_, c_proj_;
};

/// x + attention(norm(x)), then x + mlp(norm(x)).
class GPT2Block final : public nn::Module {
 public:
  GPT2Block(const GPT2Config& config, int64_t layer);
  std::string type() const override { return "GPT2Block"; }
  void members(nn::Visitor& v) override {
    v("ln_1", ln_1_)("attn", attn_)("ln_2", ln_2_)("mlp", mlp_)("dropout", dropout_);
  }
  Tensor operator()(const Tensor& x, const GPT2Pass& pass);

 private:
  nn::LayerNorm ln_1_;
  GPT2Attention attn_;
  nn::LayerNorm ln_2_;
  GPT2MLP mlp_;
  nn::Dropout dropout_;
};

struct GPT2Inputs {
  Tensor input_ids;            ///< integers [B, T]
  Tensor attention_mask = {};  ///< [B, past + T], zero where padding stands; undefined: none
  Tensor position_ids = {};    ///< integers [B, T] or [1, T]; undefined: past, past + 1, ...
  Tensor token_type_ids = {};  ///< tokens [B, T] whose embeddings are added; undefined: none
  nn::TransformerCache* cache = nullptr;  ///< holds the past, and receives these positions
  bool last_only = false;                 ///< logits of the last position alone
};

/// The blocks with their embeddings: the hub's GPT2Model.
class GPT2Model final : public nn::Module {
 public:
  explicit GPT2Model(const GPT2Config& config);
  std::string type() const override { return "GPT2Model"; }
  void members(nn::Visitor& v) override {
    v("wte", wte)("wpe", wpe)("drop", dropout_)("h", h_)("ln_f", ln_f_);
  }
  /// The last hidden states, [B, T, n_embd].
  Tensor operator()(const GPT2Inputs& in);

  nn::Embedding wte, wpe;

 private:
  nn::Dropout dropout_;
  nn::ModuleList<GPT2Block> h_;
  nn::LayerNorm ln_f_;
};

/// GPT-2, with the names of the hub's GPT2LMHeadModel; its weights are in order the token
/// embeddings, which are the head's too, the positions' and those of the blocks. The four published
/// sizes have 124,439,808; 354,823,168; 774,030,080 and 1,557,611,200 parameters. Radford et al.,
/// "Language models are unsupervised multitask learners", 2019; without biases also nanoGPT's
/// networks.
class GPT2 final : public nn::Module {
 public:
  /// Throws ValueError for sizes that are missing, absurd or do not divide, and for an unknown
  /// activation.
  explicit GPT2(const GPT2Config& config);

  std::string type() const override { return "GPT2"; }
  void members(nn::Visitor& v) override;
  /// input_ids [B, T] to logits [B, T, vocab_size].
  Tensor forward(const Tensor& input_ids) override { return run({.input_ids = input_ids}); }
  /// The same with all that may stand beside them. Throws ValueError for more positions than
  /// n_positions, IndexError for ids outside of the vocabulary, ShapeError; GradError where a cache
  /// would keep a history of gradients.
  Tensor operator()(const GPT2Inputs& in) {
    return nn::observe_call(*this, [&] { return run(in); });
  }
  using nn::Module::operator();

  /// The last hidden states, behind the last norm; and the logits of such states.
  Tensor hidden(const GPT2Inputs& in);
  Tensor head(const Tensor& hidden);

  /// Keeps the matrices of blocks, token embeddings and head in `dtype`, f32 or bf16, which halves
  /// what is read for each new token. Biases, norms and the positions' table stay, and with them
  /// the hidden states. Optimisers made before keep the old weights. Throws ValueError for other
  /// dtypes.
  void keep_matrices_in(DType dtype);

  const GPT2Config& config() const { return config_; }

 private:
  Tensor run(const GPT2Inputs& in) { return head(hidden(in)); }

  GPT2Config config_;
  GPT2Model transformer_;
  Tensor head_;  // [vocab_size, n_embd]; undefined where it is tied
};

}  // namespace strata::models
