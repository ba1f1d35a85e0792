#pragma once

#include <limits>

#include "strata/base/dtype.h"

namespace strata {

/// The smallest number above 0 of a floating dtype that has all its digits.
inline double least_normal(DType dtype) {
  switch (dtype) {
    case DType::f64: return std::numeric_limits<double>::min();
    case DType::f16: return 0x1p-14;
    default: return std::numeric_limits<float>::min();
  }
}

}  // namespace strata
