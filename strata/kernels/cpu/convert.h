#pragma once

#include <cstdint>

#include "strata/base/dtype.h"

namespace strata::kernels::cpu {

/// Reads n elements, `stride` elements apart, into a contiguous array of T.
template <class T>
using Load = void (*)(const void* from, int64_t stride, T* to, int64_t n);

/// Writes a contiguous array of T to n elements that are `stride` elements apart.
template <class T>
using Store = void (*)(const T* from, void* to, int64_t stride, int64_t n);

/// Conversions between a dtype in memory and a type to compute in: float, double or int64_t.
/// Floats go to integers towards zero, wide integers to narrow ones modulo their size, anything but
/// zero to true; bf16 and f16 round to nearest even.
template <class T>
Load<T> load_from(DType dtype);
template <class T>
Store<T> store_to(DType dtype);

/// Copies past the caches, for results too large to be found there again. `to` must be 64-byte
/// aligned. finish_streaming() makes the writes visible to other threads.
void stream_copy(const void* from, void* to, int64_t bytes);
void finish_streaming();

}  // namespace strata::kernels::cpu
