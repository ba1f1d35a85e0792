#pragma once

#include <cstdint>

namespace strata::kernels::cpu {

/// Uniform in (0, 1), never one of the ends: 52 of the 64 bits, as a 53rd would make room for the
/// half to be rounded up to 1.
inline double open_unit(uint32_t high, uint32_t low) {
  const uint64_t bits = (uint64_t{high} << 32) | low;
  return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
}

}  // namespace strata::kernels::cpu
