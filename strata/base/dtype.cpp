#include "strata/base/dtype.h"

#include <array>
#include <string>

#include "strata/base/error.h"

namespace strata {
namespace {

constexpr std::array<std::string_view, 9> kNames = {"f32", "bf16", "f16", "f64", "i64",
                                                    "i32", "u8",   "i8",  "bool"};

}  // namespace

std::string_view name_of(DType t) { return kNames[static_cast<size_t>(t)]; }

DType dtype_from_name(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<DType>(i);
  }
  throw ValueError("dtype", "unknown dtype '" + std::string(name) + "'",
                   "one of f32, bf16, f16, f64, i64, i32, u8, i8, bool");
}

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (is_floating(a) || is_floating(b)) {
    if (!is_floating(a)) return b;
    if (!is_floating(b)) return a;
    if (a == DType::f64 || b == DType::f64) return DType::f64;
    return DType::f32;  // f32 with a half type, and bf16 with f16
  }
  if (a == DType::boolean) return b;
  if (b == DType::boolean) return a;
  if (size_of(a) != size_of(b)) return size_of(a) > size_of(b) ? a : b;
  // Left is u8 with i8: PyTorch answers i16, which Strata does not hold; i32 is the next that fits.
  return DType::i32;
}

}  // namespace strata
