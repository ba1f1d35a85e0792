#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// What one step computes from the input's product and the state's.
enum class RnnCell : uint8_t { tanh, relu, lstm, gru };

/// Rows of weights for each unit, in PyTorch's orders: lstm i, f, g, o; gru r, z, n.
constexpr int64_t rnn_gates(RnnCell cell) {
  return cell == RnnCell::lstm ? 4 : cell == RnnCell::gru ? 3 : 1;
}

/// Numbers that a step of one unit leaves for the way back: lstm its gates, gru its gates and the
/// state's share of n; tanh and relu none, their state is enough.
constexpr int64_t rnn_kept(RnnCell cell) {
  return cell == RnnCell::lstm || cell == RnnCell::gru ? 4 : 0;
}

/// A layer in one direction over T steps of N rows, C inputs, H units and G = rnn_gates. All of one
/// dtype, f32 or f64, contiguous but for x and dy, of which only the last axis must be.
struct RnnInputs {
  RnnCell cell = RnnCell::tanh;
  bool reverse = false;              ///< from the last step to the first
  const int64_t* lengths = nullptr;  ///< steps of each row; null: all have T
  /// [T, N, C]; or i64[T, N], which row of w_ih, [rows, G H], stands for the input's product.
  Tensor x = {};
  Tensor w_ih = {};             ///< [G H, C]
  Tensor w_hh = {};             ///< [G H, H]
  Tensor b_ih = {}, b_hh = {};  ///< [G H] or undefined
  /// [T + 1, N, H]: the state before (with `reverse`, behind) each step and the one that is left.
  /// The caller writes the initial one. Rows at their end keep their state.
  Tensor states = {};
  Tensor cells = {};  ///< lstm: the same of the cells
  Tensor gates = {};  ///< [T, N, kept H] for the way back; undefined: keep nothing
};

/// Fills states, cells and gates, and y, [T, N, H], if defined: the states with zeros behind each
/// row's end.
void rnn_forward(Cpu, RnnInputs& in, Tensor& y);

/// Gradients. Those of y [T, N, H] and of the last state and cell [N, H] may be undefined. Results
/// are left out where undefined; contiguous.
struct RnnGradients {
  Tensor dy = {}, dh_last = {}, dc_last = {};
  Tensor dx = {}, dw_ih = {}, dw_hh = {}, db_ih = {}, db_hh = {}, dh_first = {}, dc_first = {};
};
void rnn_backward(Cpu, const RnnInputs& in, RnnGradients& g);

}  // namespace strata::kernels
