#pragma once

#include <cstdint>

namespace strata {

/// A height and a width. Converts from one number that stands for both: `.stride = 2`.
struct Size2 {
  int64_t h = 0, w = 0;

  constexpr Size2() = default;
  constexpr Size2(int64_t both) : h(both), w(both) {}  // NOLINT(google-explicit-constructor)
  constexpr Size2(int64_t height, int64_t width) : h(height), w(width) {}
  bool operator==(const Size2&) const = default;
};

}  // namespace strata
