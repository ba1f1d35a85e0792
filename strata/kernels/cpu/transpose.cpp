#include "strata/kernels/cpu/transpose.h"

#include <algorithm>
#include <array>

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/transpose.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// n x n elements, n to a 128-bit vector: n loads, n log2(n) interleavings, n stores.
template <class T>
HWY_INLINE void square(const T* x, int64_t xs, T* y, int64_t ys) {
  constexpr size_t kN = 16 / sizeof(T);
  const hn::FixedTag<T, kN> d;
  std::array<hn::Vec<decltype(d)>, kN> a, b;
  for (size_t k = 0; k < kN; ++k) a[k] = hn::LoadU(d, x + static_cast<int64_t>(k) * xs);
  for (size_t pass = 1; pass < kN; pass *= 2) {
    for (size_t k = 0; k < kN / 2; ++k) {
      b[2 * k] = hn::InterleaveLower(d, a[k], a[k + kN / 2]);
      b[2 * k + 1] = hn::InterleaveUpper(d, a[k], a[k + kN / 2]);
    }
    a = b;
  }
  for (size_t k = 0; k < kN; ++k) hn::StoreU(a[k], d, y + static_cast<int64_t>(k) * ys);
}

/// Where the lines of y are a multiple of 4 KiB apart, parts of them written in turn would push
/// each other out of the cache: whole lines are put together aside. Columns a multiple of a line.
template <class T>
void turn_by_lines(const T* x, int64_t xs, T* y, int64_t ys, int64_t rows, int64_t columns) {
  constexpr int64_t kN = 16 / sizeof(T), kLine = 64 / sizeof(T), kRows = 32;
  HWY_ALIGN std::array<T, kRows * kLine> lines;
  for (int64_t i = 0; i < rows; i += kRows) {
    const int64_t height = std::min(kRows, rows - i);
    for (int64_t j = 0; j < columns; j += kLine) {
      for (int64_t c = 0; c < kLine; c += kN) {
        for (int64_t r = 0; r < height; r += kN) {
          square(x + i + r + (j + c) * xs, xs, lines.data() + r * kLine + c, kLine);
        }
      }
      for (int64_t r = 0; r < height; ++r) {
        std::copy_n(lines.data() + r * kLine, kLine, y + (i + r) * ys + j);
      }
    }
  }
}

template <class T>
void turn(const T* x, int64_t xs, T* y, int64_t ys, int64_t rows, int64_t columns) {
  constexpr int64_t kN = 16 / sizeof(T);
  constexpr int64_t kPage = 4096;
  constexpr int64_t kLine = 64 / sizeof(T);
  const auto clash = [](int64_t stride) {
    return stride * static_cast<int64_t>(sizeof(T)) % kPage == 0;
  };
  const int64_t whole_rows = rows / kN * kN;
  const int64_t by_lines = clash(ys) ? columns / kLine * kLine : 0;
  turn_by_lines(x, xs, y, ys, whole_rows, by_lines);
  const int64_t whole_columns = columns / kN * kN;
  // Lines that lie a multiple of 4 KiB apart push each other out of the cache: walk along those.
  if (clash(xs)) {
    for (int64_t j = by_lines; j < whole_columns; j += kN) {
      for (int64_t i = 0; i < whole_rows; i += kN) square(x + i + j * xs, xs, y + i * ys + j, ys);
    }
  } else {
    for (int64_t i = 0; i < whole_rows; i += kN) {
      for (int64_t j = by_lines; j < whole_columns; j += kN) {
        square(x + i + j * xs, xs, y + i * ys + j, ys);
      }
    }
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = i < whole_rows ? whole_columns : 0; j < columns; ++j) {
      y[i * ys + j] = x[i + j * xs];
    }
  }
}

void turn1(const void* x, int64_t xs, void* y, int64_t ys, int64_t rows, int64_t columns) {
  turn(static_cast<const uint8_t*>(x), xs, static_cast<uint8_t*>(y), ys, rows, columns);
}
void turn2(const void* x, int64_t xs, void* y, int64_t ys, int64_t rows, int64_t columns) {
  turn(static_cast<const uint16_t*>(x), xs, static_cast<uint16_t*>(y), ys, rows, columns);
}
void turn4(const void* x, int64_t xs, void* y, int64_t ys, int64_t rows, int64_t columns) {
  turn(static_cast<const uint32_t*>(x), xs, static_cast<uint32_t*>(y), ys, rows, columns);
}
void turn8(const void* x, int64_t xs, void* y, int64_t ys, int64_t rows, int64_t columns) {
  turn(static_cast<const uint64_t*>(x), xs, static_cast<uint64_t*>(y), ys, rows, columns);
}

}  // namespace strata::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels::cpu {

HWY_EXPORT(turn1);
HWY_EXPORT(turn2);
HWY_EXPORT(turn4);
HWY_EXPORT(turn8);

void transpose(int64_t bytes, const void* x, int64_t xs, void* y, int64_t ys, int64_t rows,
               int64_t columns) {
  switch (bytes) {
    case 1: HWY_DYNAMIC_DISPATCH(turn1)(x, xs, y, ys, rows, columns); break;
    case 2: HWY_DYNAMIC_DISPATCH(turn2)(x, xs, y, ys, rows, columns); break;
    case 4: HWY_DYNAMIC_DISPATCH(turn4)(x, xs, y, ys, rows, columns); break;
    default: HWY_DYNAMIC_DISPATCH(turn8)(x, xs, y, ys, rows, columns); break;
  }
}

}  // namespace strata::kernels::cpu
#endif  // HWY_ONCE
