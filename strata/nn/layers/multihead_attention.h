#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "strata/nn/layers/attention_cache.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/module.h"

namespace strata::nn {

struct MultiheadAttentionConfig {
  int64_t width = -1;          ///< required: of queries and results
  int64_t heads = -1;          ///< required; divides the width
  double dropout = 0;          ///< of the weights, in training
  bool bias = true;            ///< of all four projections
  int64_t kdim = 0;            ///< width of keys; 0: as of queries
  int64_t vdim = 0;            ///< width of values; 0: as of queries
  bool add_bias_kv = false;    ///< one learnt key and value more
  bool add_zero_attn = false;  ///< one key and value of zeros more
};

/// What queries do not see. Bools are true where a key is left out, as in PyTorch's layers: the
/// opposite of scaled_dot_product_attention's mask, there and here.
struct AttentionMasks {
  /// bool, or floating: added to the scores. [Tq, Tk], [N * heads, Tq, Tk] or whatever else
  /// broadcasts to [N, heads, Tq, Tk].
  Tensor attn_mask = {};
  /// [N, Tk]: bool, true where a row is padded, or floating. Of rows of known lengths:
  /// `.key_padding_mask = ~sequence_mask(lengths, Tk)`.
  Tensor key_padding_mask = {};
  bool causal = false;  ///< see AttentionOptions; the added keys are seen by all
};

struct WeighedAttention {
  Tensor y;        ///< [N, Tq, width]
  Tensor weights;  ///< [N, Tq, Tk], or [N, heads, Tq, Tk]
};

/// Attention of query [N, Tq, width] to key [N, Tk, kdim] and value [N, Tk, vdim] in `heads` parts
/// between linear projections: [N, Tq, width]. As torch.nn.MultiheadAttention with batch_first and
/// need_weights=False, but that a query which sees no key gets 0 in place of NaN from its heads.
/// Parameters and their first values are PyTorch's: in_proj_weight [3 * width, width], or with
/// other widths q_proj_weight, k_proj_weight and v_proj_weight, Xavier's; in_proj_bias, out_proj.
/// Called with one tensor it attends to itself. Constructors throw ValueError for missing sizes,
/// heads that do not divide the width and a dropout outside of [0, 1]; calls ShapeError,
/// DTypeError. Vaswani et al., "Attention is all you need", 2017.
class MultiheadAttention final : public Module {
 public:
  explicit MultiheadAttention(const MultiheadAttentionConfig& config);

  std::string type() const override { return "MultiheadAttention"; }
  void members(Visitor& v) override;
  Tensor forward(const Tensor& x) override;
  using Module::operator();
  /// With a cache, query sees the keys that it holds and behind them those given, which it takes
  /// in; undefined ones add none. Masks are for all keys, the cache's first. Throws as
  /// AttentionCache::append besides.
  Tensor operator()(const Tensor& query, const Tensor& key, const Tensor& value,
                    const AttentionMasks& masks = {}, AttentionCache* cache = nullptr);
  /// The same beside the weights, their mean over the heads or each head's; in training they are
  /// those that dropout has left. Added keys stand last.
  WeighedAttention with_weights(const Tensor& query, const Tensor& key, const Tensor& value,
                                const AttentionMasks& masks = {}, bool average = true);
  const MultiheadAttentionConfig& config() const { return config_; }

  Tensor in_proj_weight;  ///< [3 * width, width]; undefined with a kdim or vdim other than width
  Tensor q_proj_weight;   ///< [width, width]; undefined beside in_proj_weight, as the next two
  Tensor k_proj_weight;   ///< [width, kdim]
  Tensor v_proj_weight;   ///< [width, vdim]
  Tensor in_proj_bias;    ///< [3 * width]; undefined without bias
  Tensor bias_k, bias_v;  ///< [1, 1, width]; undefined without add_bias_kv
  Linear out_proj;

 private:
  struct Heads;
  Heads heads_of(const Tensor& query, const Tensor& key, const Tensor& value,
                 const AttentionMasks& masks, AttentionCache* cache = nullptr) const;
  std::vector<Tensor> project(const Tensor& query, const Tensor& key, const Tensor& value) const;
  Tensor mask_of(const AttentionMasks& masks, const Shape& scores) const;
  Tensor with_own(const Tensor& x, const Tensor& learnt) const;
  int64_t own_keys() const { return int64_t{config_.add_bias_kv} + int64_t{config_.add_zero_attn}; }

  MultiheadAttentionConfig config_;
};

}  // namespace strata::nn
