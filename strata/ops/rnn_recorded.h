#pragma once

#include <vector>

#include "strata/kernels/rnn.h"
#include "strata/ops/rnn.h"
#include "strata/tape/node.h"

namespace strata::internal {

/// A call of rnn, lstm or gru, all tensors with their gradient history.
struct RecordedRnn {
  kernels::RnnCell cell;
  bool reverse;
  Tensor x;        ///< [N, T, C], or symbols [N, T]
  RnnWeights w;    ///< f32 or f64
  Tensor h0, c0;   ///< [N, H]; undefined: zero
  Tensor lengths;  ///< i64[N] or undefined
  Tensor y;        ///< [N, T, H], tied to its op: the states need not be computed again
};

/// The gradients of x, w_ih, w_hh, b_ih, b_hh, h0 and c0 made of ops, whose own gradients follow
/// from them. dys are those of y, h and, of lstm, c.
Grads rnn_recorded_backward(const RecordedRnn& call, const std::vector<Tensor>& dys, Needs needs);

}  // namespace strata::internal
