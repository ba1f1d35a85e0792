#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

struct AttentionProblem {
  double scale = 1;
  bool causal = false;     ///< query i of Tq sees keys up to i + Tk - Tq
  uint32_t threshold = 0;  ///< random words below it drop a weight
  double kept_scale = 1;   ///< factor of those that stay; 1 and no threshold: no dropout
  bool dropout = false;
  uint64_t seed = 0, stream = 0;
};

/// y = softmax(scale q k^T + mask) v, block by block, without the matrix of scores. q [B, H, Tq,
/// D], k [B, H, Tk, D], v [B, H, Tk, Dv], y [B, H, Tq, Dv], all f32 or all f64, with neighbouring
/// elements along the last axis and any strides along the others. `mask` is undefined or expanded
/// to [B, H, Tq, Tk]: bool (true: takes part) or of q's dtype (added). lse [B, H, Tq], contiguous,
/// of q's dtype, becomes the logarithm of each row's sum of exponentials, +inf for rows without
/// keys, whose y is 0.
void attention(Cpu, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask,
               const AttentionProblem& problem, Tensor& y, Tensor& lse);

/// Gradients of q, k and v from that of y; undefined ones are left out. The scores are computed
/// again from lse.
struct AttentionGradients {
  Tensor dq, dk, dv;
};
void attention_backward(Cpu, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask,
                        const AttentionProblem& problem, const Tensor& y, const Tensor& lse,
                        const Tensor& dy, AttentionGradients& gradients);

}  // namespace strata::kernels
