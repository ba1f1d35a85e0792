#pragma once

#include <string>

#include "strata/tensor/tensor.h"

namespace strata {

/// Reads an IDX file (the format of MNIST: http://yann.lecun.com/exdb/mnist), packed by gzip or
/// not; u8, i8, i32, f32 or f64, and i32 for 16-bit integers. Throws FormatError, named after the
/// file and the fault, and IoError.
Tensor read_idx(const std::string& path);

/// Writes u8, i8, i32, f32 or f64 of rank 1 and more, packed by gzip if the name ends with ".gz".
/// Throws DTypeError, ShapeError and IoError.
void write_idx(const std::string& path, const Tensor& t);

}  // namespace strata
