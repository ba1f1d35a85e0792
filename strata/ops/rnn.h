#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata {

/// Recurrent layers over whole sequences, one layer in one direction a call, as one op: the input's
/// products of all steps are one product, and the way back through time takes the weights' gradient
/// as one. Weights and gate orders are PyTorch's. bf16 is computed in f32. Under create_graph the
/// way back is made of single ops.

/// Of a layer with C inputs, H units and G gates (1; lstm 4: i, f, g, o; gru 3: r, z, n).
struct RnnWeights {
  /// [G H, C]. For x that is i64[N, T], a table [symbols, G H]: row x[n][t] stands for the input's
  /// product. Inputs out of a small set are so multiplied once each, and not at every step.
  Tensor w_ih;
  Tensor w_hh;       ///< [G H, H]
  Tensor b_ih = {};  ///< [G H] or undefined
  Tensor b_hh = {};  ///< as b_ih
};

struct RnnOptions {
  bool reverse = false;  ///< from the last step to the first
  /// Steps of each row, i64[N] in 1 ... T; undefined: all have T. Behind its end a row keeps its
  /// state and y is zero; with `reverse` a row begins at its own end. As pack_padded_sequence.
  Tensor lengths = {};
};

struct RnnResult {
  Tensor y;       ///< [N, T, H]: the state after each step
  Tensor h;       ///< [N, H]: the last one
  Tensor c = {};  ///< [N, H], of lstm: the last cell
};

enum class RnnActivation : uint8_t { tanh, relu };

/// h' = f(W_ih x + b_ih + W_hh h + b_hh). x [N, T, C] (any strides: what was [T, N, C] is taken as
/// transpose(x, 0, 1) without a copy), or i64 [N, T], see RnnWeights; h0 [N, H] or undefined, which
/// is zero. f32, bf16 and f64. Throws ShapeError, DTypeError, DeviceError; ValueError for lengths,
/// IndexError for symbols out of range. Source: Elman,
/// "Finding structure in time", 1990; as torch.nn.RNN.
RnnResult rnn(const Tensor& x, const Tensor& h0, const RnnWeights& weights,
              RnnActivation activation = RnnActivation::tanh, const RnnOptions& options = {});

/// c' = f c + i g, h' = o tanh(c') with sigmoids i, f, o and tanh g of the products. Otherwise as
/// rnn. Source: Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000; as
/// torch.nn.LSTM.
RnnResult lstm(const Tensor& x, const Tensor& h0, const Tensor& c0, const RnnWeights& weights,
               const RnnOptions& options = {});

/// h' = (1 - z) n + z h with n = tanh(W_in x + b_in + r (W_hn h + b_hn)): the reset gate acts
/// behind the product. Otherwise as rnn. Source: Cho et al. 2014; as torch.nn.GRU.
RnnResult gru(const Tensor& x, const Tensor& h0, const RnnWeights& weights,
              const RnnOptions& options = {});

}  // namespace strata
