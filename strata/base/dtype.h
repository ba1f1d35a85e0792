#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "strata/base/half.h"

namespace strata {

/// Element types. f16 is for storage only: arithmetic on it goes through f32.
enum class DType : uint8_t { f32, bf16, f16, f64, i64, i32, u8, i8, boolean };

/// Bytes of one element.
constexpr int64_t size_of(DType t) {
  constexpr int64_t kSizes[] = {4, 2, 2, 8, 8, 4, 1, 1, 1};
  return kSizes[static_cast<int>(t)];
}

/// "f32", "bf16", "f16", "f64", "i64", "i32", "u8", "i8", "bool".
std::string_view name_of(DType t);

/// The dtype of that name. Throws ValueError for an unknown one.
DType dtype_from_name(std::string_view name);

constexpr bool is_floating(DType t) { return t <= DType::f64; }
constexpr bool is_integral(DType t) { return t > DType::f64 && t != DType::boolean; }

/// The dtype of a binary operation between tensors, by PyTorch's promotion table.
DType promote(DType a, DType b);

template <class T>
struct DTypeOf;
// One line each reads better than what the formatter makes of them.
// clang-format off
template <> struct DTypeOf<float> { static constexpr DType value = DType::f32; };
template <> struct DTypeOf<bfloat16> { static constexpr DType value = DType::bf16; };
template <> struct DTypeOf<float16> { static constexpr DType value = DType::f16; };
template <> struct DTypeOf<double> { static constexpr DType value = DType::f64; };
template <> struct DTypeOf<int64_t> { static constexpr DType value = DType::i64; };
template <> struct DTypeOf<int32_t> { static constexpr DType value = DType::i32; };
template <> struct DTypeOf<uint8_t> { static constexpr DType value = DType::u8; };
template <> struct DTypeOf<int8_t> { static constexpr DType value = DType::i8; };
template <> struct DTypeOf<bool> { static constexpr DType value = DType::boolean; };
// clang-format on

/// The DType of a C++ element type.
template <class T>
inline constexpr DType dtype_of = DTypeOf<std::remove_cv_t<T>>::value;

template <class T>
struct TypeTag {
  using type = T;
};

/// Calls f(TypeTag<T>{}) with the C++ type of `t`.
template <class F>
decltype(auto) visit_dtype(DType t, F&& f) {
  switch (t) {
    case DType::bf16: return f(TypeTag<bfloat16>{});
    case DType::f16: return f(TypeTag<float16>{});
    case DType::f64: return f(TypeTag<double>{});
    case DType::i64: return f(TypeTag<int64_t>{});
    case DType::i32: return f(TypeTag<int32_t>{});
    case DType::u8: return f(TypeTag<uint8_t>{});
    case DType::i8: return f(TypeTag<int8_t>{});
    case DType::boolean: return f(TypeTag<bool>{});
    case DType::f32: break;
  }
  return f(TypeTag<float>{});
}

}  // namespace strata
