#include "strata/kernels/cpu/convert.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/convert.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "strata/kernels/cpu/lanes-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using kernels::HWY_NAMESPACE::call_ahead;
using kernels::HWY_NAMESPACE::lanes;

void widen_bf16(const bfloat16* from, float* to, int64_t n) {
  const hn::ScalableTag<float> d;
  int64_t i = 0;
  for (; i + lanes(d) <= n; i += lanes(d)) {
    call_ahead(from + i);
    hn::StoreU(kernels::HWY_NAMESPACE::load(d, from + i), d, to + i);
  }
  for (; i < n; ++i) to[i] = from[i];
}

void narrow_to_bf16(const float* from, bfloat16* to, int64_t n) {
  const hn::ScalableTag<float> d;
  const hn::Repartition<uint16_t, decltype(d)> halves;
  const auto rounded = [&](const float* x) HWY_ATTR {
    return hn::BitCast(halves, kernels::HWY_NAMESPACE::rounded_to_upper(d, hn::LoadU(d, x)));
  };
  int64_t i = 0;
  for (; i + 2 * lanes(d) <= n; i += 2 * lanes(d)) {
    call_ahead(from + i);
    call_ahead(from + i + lanes(d));
    const auto low = rounded(from + i), high = rounded(from + i + lanes(d));
    hn::StoreU(hn::ConcatOdd(halves, high, low), halves, reinterpret_cast<uint16_t*>(to + i));
  }
  for (; i < n; ++i) to[i] = from[i];
}

void widen_bool(const bool* from, float* to, int64_t n) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<uint8_t, decltype(d)> bytes;
  const auto* source = reinterpret_cast<const uint8_t*>(from);
  int64_t i = 0;
  for (; i + lanes(d) <= n; i += lanes(d)) {
    hn::StoreU(hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(bytes, source + i))), d, to + i);
  }
  for (; i < n; ++i) to[i] = from[i];
}

void narrow_to_bool(const float* from, bool* to, int64_t n) {
  const hn::ScalableTag<float> d;
  const hn::Repartition<uint16_t, decltype(d)> halves;
  const hn::Repartition<uint8_t, decltype(d)> bytes;
  // All bits of a lane, of which narrowing keeps the lowest eight.
  const auto is_set = [&](const float* x) HWY_ATTR {
    const auto set = hn::Not(hn::Eq(hn::LoadU(d, x), hn::Zero(d)));
    return hn::BitCast(halves, hn::VecFromMask(d, set));
  };
  const auto two = [&](const float* x) HWY_ATTR {
    return hn::BitCast(bytes, hn::ConcatEven(halves, is_set(x + lanes(d)), is_set(x)));
  };
  int64_t i = 0;
  for (; i + 4 * lanes(d) <= n; i += 4 * lanes(d)) {
    const auto all = hn::ConcatEven(bytes, two(from + i + 2 * lanes(d)), two(from + i));
    hn::StoreU(hn::And(all, hn::Set(bytes, 1)), bytes, reinterpret_cast<uint8_t*>(to + i));
  }
  for (; i < n; ++i) to[i] = from[i] != 0;
}

void stream_words(const float* from, float* to, int64_t n) {
  const hn::ScalableTag<float> d;
  int64_t i = 0;
  for (; i + lanes(d) <= n; i += lanes(d)) hn::Stream(hn::LoadU(d, from + i), d, to + i);
  std::copy(from + i, from + n, to + i);
}

}  // namespace strata::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels::cpu {
namespace {

HWY_EXPORT(widen_bf16);
HWY_EXPORT(narrow_to_bf16);
HWY_EXPORT(widen_bool);
HWY_EXPORT(narrow_to_bool);
HWY_EXPORT(stream_words);

template <class From, class T>
void load(const void* from, int64_t stride, T* to, int64_t n) {
  const From* source = static_cast<const From*>(from);
  if (stride == 0) {
    std::fill_n(to, n, converted<T>(*source));
  } else if (stride != 1) {
    for (int64_t i = 0; i < n; ++i) to[i] = converted<T>(source[i * stride]);
  } else if constexpr (std::is_same_v<From, T>) {
    std::memcpy(to, from, static_cast<size_t>(n) * sizeof(T));
  } else if constexpr (std::is_same_v<From, bfloat16> && std::is_same_v<T, float>) {
    HWY_DYNAMIC_DISPATCH(widen_bf16)(source, to, n);
  } else if constexpr (std::is_same_v<From, bool> && std::is_same_v<T, float>) {
    HWY_DYNAMIC_DISPATCH(widen_bool)(source, to, n);
  } else {
    for (int64_t i = 0; i < n; ++i) to[i] = converted<T>(source[i]);
  }
}

template <class To, class T>
void store(const T* from, void* to, int64_t stride, int64_t n) {
  To* target = static_cast<To*>(to);
  if (stride != 1) {
    for (int64_t i = 0; i < n; ++i) target[i * stride] = converted<To>(from[i]);
  } else if constexpr (std::is_same_v<To, T>) {
    std::memcpy(to, from, static_cast<size_t>(n) * sizeof(T));
  } else if constexpr (std::is_same_v<To, bfloat16> && std::is_same_v<T, float>) {
    HWY_DYNAMIC_DISPATCH(narrow_to_bf16)(from, target, n);
  } else if constexpr (std::is_same_v<To, bool> && std::is_same_v<T, float>) {
    HWY_DYNAMIC_DISPATCH(narrow_to_bool)(from, target, n);
  } else {
    for (int64_t i = 0; i < n; ++i) target[i] = converted<To>(from[i]);
  }
}

}  // namespace

template <class T>
Load<T> load_from(DType dtype) {
  return visit_dtype(dtype,
                     [](auto tag) -> Load<T> { return load<typename decltype(tag)::type, T>; });
}

template <class T>
Store<T> store_to(DType dtype) {
  return visit_dtype(dtype,
                     [](auto tag) -> Store<T> { return store<typename decltype(tag)::type, T>; });
}

template Load<float> load_from(DType);
template Load<double> load_from(DType);
template Load<int64_t> load_from(DType);
template Store<float> store_to(DType);
template Store<double> store_to(DType);
template Store<int64_t> store_to(DType);

void stream_copy(const void* from, void* to, int64_t bytes) {
  const int64_t words = bytes / static_cast<int64_t>(sizeof(float));
  HWY_DYNAMIC_DISPATCH(stream_words)
  (static_cast<const float*>(from), static_cast<float*>(to), words);
  const int64_t done = words * static_cast<int64_t>(sizeof(float));
  std::memcpy(static_cast<char*>(to) + done, static_cast<const char*>(from) + done,
              static_cast<size_t>(bytes - done));
}

void finish_streaming() { hwy::FlushStream(); }

}  // namespace strata::kernels::cpu
#endif  // HWY_ONCE
