#pragma once

#include <optional>

#include "strata/base/random.h"
#include "strata/tensor/tensor.h"

namespace strata {

struct AttentionOptions {
  /// Query i sees keys 0 ... i + Tk - Tq: the queries are the last of the sequence, as with a cache
  /// of keys. With Tq = Tk it is PyTorch's is_causal; for other sizes PyTorch counts from the
  /// front.
  bool causal = false;
  /// Broadcasts to [B, H, Tq, Tk]. bool: true takes part; floating: added to the scores. Undefined:
  /// none. May stand beside `causal`.
  Tensor mask = {};
  std::optional<double> scale = {};  ///< 1 / sqrt(D) if left out
  double dropout = 0;                ///< of the weights, in training
};

/// softmax(scale q k^T + mask) v for q [B, H, Tq, D], k [B, H, Tk, D] and v [B, H, Tk, Dv]:
/// [B, H, Tq, Dv], as torch's scaled_dot_product_attention. A query that sees no key gives 0. The
/// matrix of scores is never kept: memory grows with Tq + Tk, on the way back too. All strides are
/// read in place as long as the elements of the last axis lie together, so that heads may be views
/// of [B, T, H * D] or of a packed projection; the result lies in memory as [B, Tq, H, Dv], so that
/// merging its heads is a view. bf16 and f16 are computed in f32. The gradient of a mask, and
/// gradients of gradients, are computed with the matrix of scores; with dropout the latter throw
/// GradError. Throws ShapeError, DTypeError, DeviceError; ValueError for a dropout outside of
/// [0, 1]. Sources: Vaswani et al., "Attention Is All You Need" (2017); Dao et al.,
/// "FlashAttention" (2022).
Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options = {},
                                    Generator& generator = default_generator());

/// The weights softmax(scale q k^T + mask) of the same, to look at: [B, H, Tq, Tk], in training
/// with dropout those that it leaves. A query that sees no key has zeros. Throws as
/// scaled_dot_product_attention.
Tensor attention_weights(const Tensor& q, const Tensor& k, const AttentionOptions& options = {},
                         Generator& generator = default_generator());

}  // namespace strata
