#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "strata/tensor/tensor.h"

namespace strata {

/// Reads a NumPy array file (.npy, versions 1 to 3, either byte order, C or Fortran order): f16,
/// f32, f64, i64, i32, u8, i8, bool, and bf16 as ml_dtypes stores it ("V2"). Throws FormatError,
/// named after the file and the fault, and IoError.
Tensor read_npy(const std::string& path);

/// What the header of an array says.
struct NpyInfo {
  std::string stored;          ///< "<f4"
  std::optional<DType> dtype;  ///< nothing for those that Strata lacks ("<U5", "<c8", "|O")
  Shape shape;
  int64_t bytes = 0;  ///< of its elements
};

/// Reads the header alone and holds it against what follows. Throws as read_npy(), though not for
/// NumPy's other dtypes.
NpyInfo npy_info(const std::string& path);

/// Writes a tensor of any dtype as numpy.save does, in one step (see AtomicFile). Throws IoError.
void write_npy(const std::string& path, const Tensor& t);

/// The same from memory and to it; errors are tagged `name`.
Tensor decode_npy(const std::string& name, std::span<const uint8_t> bytes);
NpyInfo npy_info(const std::string& name, std::span<const uint8_t> bytes);
std::string encode_npy(const Tensor& t);

}  // namespace strata
