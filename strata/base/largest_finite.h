#pragma once

#include <limits>

#include "strata/base/dtype.h"

namespace strata {

/// The largest finite value of a floating dtype.
inline double largest_finite(DType dtype) {
  switch (dtype) {
    case DType::f64: return std::numeric_limits<double>::max();
    case DType::bf16: return 0x1.fep127;
    case DType::f16: return 65504;
    default: return std::numeric_limits<float>::max();
  }
}

}  // namespace strata
