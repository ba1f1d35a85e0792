#pragma once

#include <cstdint>
#include <type_traits>

#include "strata/base/dtype.h"

namespace strata::kernels::cpu {

/// x as another element type. Floats go to integers towards zero, wide integers to narrow ones
/// modulo their size, anything but zero (NaN too) to true; halves round to nearest even.
template <class To, class From>
To converted(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From(0);
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    return static_cast<To>(static_cast<int64_t>(x));
  } else if constexpr (std::is_same_v<To, bfloat16> || std::is_same_v<To, float16>) {
    return To(static_cast<float>(x));
  } else {
    return static_cast<To>(x);
  }
}

/// Reads n elements, `stride` elements apart, into a contiguous array of T.
template <class T>
using Load = void (*)(const void* from, int64_t stride, T* to, int64_t n);

/// Writes a contiguous array of T to n elements that are `stride` elements apart.
template <class T>
using Store = void (*)(const T* from, void* to, int64_t stride, int64_t n);

/// Conversions between a dtype in memory and a type to compute in: float, double or int64_t.
template <class T>
Load<T> load_from(DType dtype);
template <class T>
Store<T> store_to(DType dtype);

/// Outputs from this size on are written past the caches, which they would only sweep clean, in
/// parts of kStreamPart bytes: small enough for the writes to drain while the next is computed.
inline constexpr int64_t kStreamBytes = int64_t{32} << 20;
inline constexpr int64_t kStreamPart = 1024;

inline bool should_stream(const void* to, int64_t bytes) {
  return bytes >= kStreamBytes && reinterpret_cast<uintptr_t>(to) % 64 == 0;
}

/// Copies past the caches; `to` must be 64-byte aligned. finish_streaming() makes the writes
/// visible to other threads.
void stream_copy(const void* from, void* to, int64_t bytes);
void finish_streaming();

}  // namespace strata::kernels::cpu
