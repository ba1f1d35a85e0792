#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata {

// Sequences of different lengths in one tensor, the batch in front, and back.

/// Sequences [length, ...], which differ in length alone, as [count, longest length, ...] with
/// `value` behind the shorter ones. Throws ValueError for an empty list, ShapeError, DTypeError
/// where dtypes differ. As torch.nn.utils.rnn.pad_sequence with batch_first.
Tensor pad_sequence(std::span<const Tensor> xs, double value = 0);
inline Tensor pad_sequence(std::initializer_list<Tensor> xs, double value = 0) {
  return pad_sequence(std::span(xs.begin(), xs.size()), value);
}

/// The way back: of x [count, longest, ...] row i's first lengths[i] steps, views. lengths:
/// integers [count]. Throws ShapeError, DTypeError, ValueError for a length outside of [0,
/// longest]; DeviceError for lengths on the meta device.
std::vector<Tensor> unpad_sequence(const Tensor& x, const Tensor& lengths);

/// bool[lengths' shape ..., longest]: true where step t lies before the length. What
/// attention() takes as a mask, and losses over padded batches; MultiheadAttention's
/// key_padding_mask is the opposite, logical_not(sequence_mask(...)). Throws DTypeError unless
/// lengths are integers, ValueError for a negative `longest`.
Tensor sequence_mask(const Tensor& lengths, int64_t longest);

}  // namespace strata
