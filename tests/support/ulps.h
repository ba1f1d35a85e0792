#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace strata::testing {

/// Distance of an f32 from the exact value in units of the last place there. Zeros of another sign
/// and infinities out of place are far.
inline double ulps(float value, double exact) {
  if (std::isnan(value) || std::isnan(exact)) {
    return std::isnan(value) && std::isnan(exact) ? 0 : std::numeric_limits<double>::infinity();
  }
  const auto rounded = static_cast<float>(exact);
  if (rounded == value) return std::signbit(value) == std::signbit(rounded) ? 0 : 1e9;
  if (std::isinf(value) || std::isinf(rounded)) {
    const auto next = std::nextafter(std::isinf(value) ? value : rounded, 0.0f);
    return (std::isinf(value) ? rounded : value) == next ? 1 : 1e9;
  }
  int exponent = 0;
  std::frexp(exact, &exponent);
  return std::abs(value - exact) / std::ldexp(1.0, std::max(exponent - 24, -149));
}

}  // namespace strata::testing
