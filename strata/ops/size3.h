#pragma once

#include <cstdint>

namespace strata {

/// A depth, a height and a width. Converts from one number that stands for all three.
struct Size3 {
  int64_t d = 0, h = 0, w = 0;

  constexpr Size3() = default;
  constexpr Size3(int64_t all) : d(all), h(all), w(all) {}  // NOLINT(google-explicit-constructor)
  constexpr Size3(int64_t depth, int64_t height, int64_t width) : d(depth), h(height), w(width) {}
  bool operator==(const Size3&) const = default;
};

}  // namespace strata
