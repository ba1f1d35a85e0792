#include "strata/kernels/cpu/transpose.h"

#include <algorithm>
#include <array>
#include <cstdint>

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

/// Rows of y are put together aside and written a run at a time. Where they lie a multiple of 4 KiB
/// apart, parts of lines written in turn would push each other out of the cache; and whole lines
/// can be written past the caches. Rows and columns are multiples of a square.
template <class T>
void turn_by_runs(const T* x, int64_t xs, T* y, int64_t ys, int64_t rows, int64_t columns,
                  bool stream) {
  constexpr int64_t kN = 16 / sizeof(T), kRun = 256 / sizeof(T), kRows = 64;
  const hn::FixedTag<T, kN> d;
  HWY_ALIGN std::array<T, kRows * kRun> aside;
  for (int64_t i = 0; i < rows; i += kRows) {
    const int64_t height = std::min(kRows, rows - i);
    for (int64_t j = 0; j < columns; j += kRun) {
      const int64_t width = std::min(kRun, columns - j);
      for (int64_t c = 0; c < width; c += kN) {
        for (int64_t r = 0; r < height; r += kN) {
          square(x + i + r + (j + c) * xs, xs, aside.data() + r * kRun + c, kRun);
        }
      }
      for (int64_t r = 0; r < height; ++r) {
        const T* from = aside.data() + r * kRun;
        T* to = y + (i + r) * ys + j;
        if (stream) {
          for (int64_t c = 0; c < width; c += kN) hn::Stream(hn::Load(d, from + c), d, to + c);
        } else {
          std::copy_n(from, width, to);
        }
      }
    }
  }
}

template <class T>
void turn(const T* x, int64_t xs, T* y, int64_t ys, int64_t rows, int64_t columns, bool stream) {
  constexpr int64_t kN = 16 / sizeof(T), kPage = 4096;
  const auto clash = [](int64_t stride) {
    return stride * static_cast<int64_t>(sizeof(T)) % kPage == 0;
  };
  const int64_t whole_rows = rows / kN * kN, whole_columns = columns / kN * kN;
  const bool aligned = reinterpret_cast<uintptr_t>(y) % 64 == 0 && ys % kN == 0;
  if (clash(ys) || (stream && aligned)) {
    turn_by_runs(x, xs, y, ys, whole_rows, whole_columns, stream && aligned);
  } else if (clash(xs)) {  // along the columns, then, that would push each other out
    for (int64_t j = 0; j < whole_columns; j += kN) {
      for (int64_t i = 0; i < whole_rows; i += kN) square(x + i + j * xs, xs, y + i * ys + j, ys);
    }
  } else {
    for (int64_t i = 0; i < whole_rows; i += kN) {
      for (int64_t j = 0; j < whole_columns; j += kN) {
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

void turn1(const void* x, int64_t xs, void* y, int64_t ys, int64_t rows, int64_t columns,
           bool stream) {
  turn(static_cast<const uint8_t*>(x), xs, static_cast<uint8_t*>(y), ys, rows, columns, stream);
}
void turn2(const void* x, int64_t xs, void* y, int64_t ys, int64_t rows, int64_t columns,
           bool stream) {
  turn(static_cast<const uint16_t*>(x), xs, static_cast<uint16_t*>(y), ys, rows, columns, stream);
}
void turn4(const void* x, int64_t xs, void* y, int64_t ys, int64_t rows, int64_t columns,
           bool stream) {
  turn(static_cast<const uint32_t*>(x), xs, static_cast<uint32_t*>(y), ys, rows, columns, stream);
}
void turn8(const void* x, int64_t xs, void* y, int64_t ys, int64_t rows, int64_t columns,
           bool stream) {
  turn(static_cast<const uint64_t*>(x), xs, static_cast<uint64_t*>(y), ys, rows, columns, stream);
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
               int64_t columns, bool stream) {
  switch (bytes) {
    case 1: HWY_DYNAMIC_DISPATCH(turn1)(x, xs, y, ys, rows, columns, stream); break;
    case 2: HWY_DYNAMIC_DISPATCH(turn2)(x, xs, y, ys, rows, columns, stream); break;
    case 4: HWY_DYNAMIC_DISPATCH(turn4)(x, xs, y, ys, rows, columns, stream); break;
    default: HWY_DYNAMIC_DISPATCH(turn8)(x, xs, y, ys, rows, columns, stream); break;
  }
}

}  // namespace strata::kernels::cpu
#endif  // HWY_ONCE
