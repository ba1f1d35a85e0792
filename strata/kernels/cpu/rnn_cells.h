#pragma once

#include <cstdint>

#include "strata/kernels/rnn.h"

namespace strata::kernels::cpu {

/// One step of the units begin ... end - 1 of all rows. Pointers are to the step's first row; rows
/// of states and cells are `units` apart.
template <class T>
struct RnnStep {
  RnnCell cell;
  int64_t rows, units, begin, end;
  const int64_t* lengths;  // null: all rows are at work
  int64_t time;
};

template <class T>
struct RnnForwardStep : RnnStep<T> {
  T* gates = nullptr;  // [rows, gates_ld]: the input's products, then what the way back needs
  int64_t gates_ld = 0;
  const T* sums = nullptr;    // [rows, G (end - begin)]: the state's products with these units
  const T* n_bias = nullptr;  // gru: the bias inside of r's bracket, or null
  const T *h = nullptr, *c = nullptr;
  T *h_next = nullptr, *c_next = nullptr;
  T* y = nullptr;  // or null
};

/// Of the way back: dz holds the gradients of the products. lstm in the order of its gates; gru as
/// n, r, z and the state's share of n.
template <class T>
struct RnnBackwardStep : RnnStep<T> {
  const T* gates = nullptr;
  int64_t gates_ld = 0;
  const T *h = nullptr, *h_next = nullptr, *c = nullptr, *c_next = nullptr;
  const T* dy = nullptr;  // or null
  int64_t dy_ld = 0;
  T* dz = nullptr;
  int64_t dz_ld = 0;
  T *dh = nullptr,
    *dc = nullptr;     // of the state after the step; dc becomes that of the cell before
  bool carry = false;  // dh becomes what reaches the state before other than through its products
};

template <class T>
void rnn_forward_step(const RnnForwardStep<T>& s);
template <class T>
void rnn_backward_step(const RnnBackwardStep<T>& s);

/// sums[j] += the sum of column j of x [rows, columns].
template <class T>
void add_column_sums(int64_t rows, int64_t columns, const T* x, T* sums);

}  // namespace strata::kernels::cpu
