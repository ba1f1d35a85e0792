#pragma once

#include <algorithm>
#include <cstdint>

namespace strata {

/// Reverses the bytes of `count` numbers of `width` bytes each.
inline void swap_bytes(void* numbers, int64_t count, int64_t width) {
  auto* at = static_cast<unsigned char*>(numbers);
  for (int64_t i = 0; i < count && width > 1; ++i, at += width) std::reverse(at, at + width);
}

}  // namespace strata
