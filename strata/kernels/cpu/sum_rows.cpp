#include <algorithm>
#include <type_traits>

#include "strata/base/half.h"
#include "strata/base/parallel.h"
#include "strata/kernels/grid_sample.h"
#include "strata/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/sum_rows.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/part-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(hn::ScalableTag<T>()));

constexpr int64_t kFew = 4;  // channels below which vectors cost more than they save

/// One result of sum_rows.
template <class T>
HWY_INLINE void sum_point(const RowSums& s, const T* x, const int32_t* places, const T* weights,
                          T* y) {
  const hn::ScalableTag<T> d;
  T none = 0;  // NaN where the weight of a row of zeros is
  for (int64_t k = 0; k < s.taps; ++k) {
    if (places[k] < 0) none += weights[k] * 0;
  }
  if (s.c < kFew) {
    for (int64_t at = 0; at < s.c; ++at) {
      T sum = none;
      for (int64_t k = 0; k < s.taps; ++k) {
        if (places[k] >= 0) sum += weights[k] * x[places[k] * s.c + at];
      }
      y[at] = sum;
    }
    return;
  }
  for (int64_t at = 0; at < s.c; at += kLanes<T>) {
    auto sum = hn::Set(d, none);
    for (int64_t k = 0; k < s.taps; ++k) {
      if (places[k] < 0) continue;
      const auto row = part::load(d, x + places[k] * s.c + at, s.c - at);
      sum = hn::MulAdd(hn::Set(d, weights[k]), row, sum);
    }
    part::store(d, sum, y + at, s.c - at);
  }
}

/// Calls f(i, image) for the points from `begin` on and before `end`.
template <class F>
HWY_INLINE void each_point(const RowSums& s, int64_t begin, int64_t end, F&& f) {
  for (int64_t i = begin; i < end;) {
    const int64_t image = i / s.points, last = std::min(end, (image + 1) * s.points);
    for (; i < last; ++i) f(i, image);
  }
}

template <class T>
void sums(const RowSums& s, int64_t begin, int64_t end, const T* x, const int32_t* places,
          const T* weights, T* y) {
  each_point(s, begin, end, [&](int64_t i, int64_t image) HWY_ATTR {
    sum_point(s, x + image * s.rows * s.c, places + i * s.taps, weights + i * s.taps, y + i * s.c);
  });
}

/// sum[rows, width] += the weighted rows of dy, `width` channels of them. All points are of one
/// image.
template <class T>
void sums_back(const RowSums& s, int64_t begin, int64_t end, int64_t width, const T* dy,
               const int32_t* places, const T* weights, T* sum) {
  const hn::ScalableTag<T> d;
  for (int64_t i = begin; i < end; ++i) {
    for (int64_t k = i * s.taps; k < (i + 1) * s.taps; ++k) {
      if (places[k] < 0) continue;
      const auto weight = hn::Set(d, weights[k]);
      const T* from = dy + i * s.c;
      T* to = sum + places[k] * width;
      if (width < kFew) {
        for (int64_t at = 0; at < width; ++at) to[at] += weights[k] * from[at];
        continue;
      }
      for (int64_t at = 0; at < width; at += kLanes<T>) {
        const auto row = part::load(d, from + at, width - at);
        const auto before = part::load(d, to + at, width - at);
        part::store(d, hn::MulAdd(weight, row, before), to + at, width - at);
      }
    }
  }
}

template <class T>
HWY_INLINE T dot(int64_t c, const T* a, const T* b) {
  if (c < kFew) {
    T sum = 0;
    for (int64_t at = 0; at < c; ++at) sum += a[at] * b[at];
    return sum;
  }
  const hn::ScalableTag<T> d;
  auto sum = hn::Zero(d);
  for (int64_t at = 0; at < c; at += kLanes<T>) {
    sum = hn::MulAdd(part::load(d, a + at, c - at), part::load(d, b + at, c - at), sum);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

template <class T>
void dots(const RowSums& s, int64_t begin, int64_t end, const T* dy, const T* x,
          const int32_t* places, T* dw) {
  each_point(s, begin, end, [&](int64_t i, int64_t image) HWY_ATTR {
    const T* rows = x + image * s.rows * s.c;
    for (int64_t k = i * s.taps; k < (i + 1) * s.taps; ++k) {
      dw[k] = places[k] < 0 ? T(0) : dot(s.c, dy + i * s.c, rows + places[k] * s.c);
    }
  });
}

}  // namespace

void sums_f32(const RowSums& s, int64_t begin, int64_t end, const float* x, const int32_t* places,
              const float* weights, float* y) {
  sums(s, begin, end, x, places, weights, y);
}
void sums_f64(const RowSums& s, int64_t begin, int64_t end, const double* x, const int32_t* places,
              const double* weights, double* y) {
  sums(s, begin, end, x, places, weights, y);
}
void sums_back_f32(const RowSums& s, int64_t begin, int64_t end, int64_t width, const float* dy,
                   const int32_t* places, const float* weights, float* sum) {
  sums_back(s, begin, end, width, dy, places, weights, sum);
}
void sums_back_f64(const RowSums& s, int64_t begin, int64_t end, int64_t width, const double* dy,
                   const int32_t* places, const double* weights, double* sum) {
  sums_back(s, begin, end, width, dy, places, weights, sum);
}
void dots_f32(const RowSums& s, int64_t begin, int64_t end, const float* dy, const float* x,
              const int32_t* places, float* dw) {
  dots(s, begin, end, dy, x, places, dw);
}
void dots_f64(const RowSums& s, int64_t begin, int64_t end, const double* dy, const double* x,
              const int32_t* places, double* dw) {
  dots(s, begin, end, dy, x, places, dw);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(sums_f32);
HWY_EXPORT(sums_f64);
HWY_EXPORT(sums_back_f32);
HWY_EXPORT(sums_back_f64);
HWY_EXPORT(dots_f32);
HWY_EXPORT(dots_f64);

constexpr int64_t kWork = 16384;  // products for which a second thread pays
constexpr int64_t kBlock = 64;    // channels of one unit of the way back

int64_t grain(const RowSums& s) {
  return std::max<int64_t>(1, kWork / std::max<int64_t>(1, s.taps * s.c));
}

// The same in bf16, one element at a time through f32.

void sums_bf16(const RowSums& s, int64_t begin, int64_t end, const bfloat16* x,
               const int32_t* places, const float* weights, bfloat16* y) {
  for (int64_t i = begin; i < end; ++i) {
    const bfloat16* image = x + i / s.points * s.rows * s.c;
    for (int64_t at = 0; at < s.c; ++at) {
      float sum = 0;
      for (int64_t k = i * s.taps; k < (i + 1) * s.taps; ++k) {
        const float v = places[k] < 0 ? 0.0F : static_cast<float>(image[places[k] * s.c + at]);
        sum += weights[k] * v;
      }
      y[i * s.c + at] = bfloat16(sum);
    }
  }
}

void sums_back_bf16(const RowSums& s, int64_t begin, int64_t end, int64_t width, const bfloat16* dy,
                    const int32_t* places, const float* weights, float* sum) {
  for (int64_t i = begin; i < end; ++i) {
    for (int64_t k = i * s.taps; k < (i + 1) * s.taps; ++k) {
      if (places[k] < 0) continue;
      float* to = sum + places[k] * width;
      for (int64_t at = 0; at < width; ++at) {
        to[at] += weights[k] * static_cast<float>(dy[i * s.c + at]);
      }
    }
  }
}

void dots_bf16(const RowSums& s, int64_t begin, int64_t end, const bfloat16* dy, const bfloat16* x,
               const int32_t* places, float* dw) {
  for (int64_t i = begin; i < end; ++i) {
    const bfloat16* image = x + i / s.points * s.rows * s.c;
    for (int64_t k = i * s.taps; k < (i + 1) * s.taps; ++k) {
      float sum = 0;
      for (int64_t at = 0; places[k] >= 0 && at < s.c; ++at) {
        sum +=
            static_cast<float>(dy[i * s.c + at]) * static_cast<float>(image[places[k] * s.c + at]);
      }
      dw[k] = sum;
    }
  }
}

}  // namespace

template <class T, class W>
void sum_rows(const RowSums& s, const T* x, const int32_t* places, const W* weights, T* y) {
  parallel_for(s.n * s.points, grain(s), [&](int64_t begin, int64_t end) {
    if constexpr (std::is_same_v<T, float>) {
      HWY_DYNAMIC_DISPATCH(sums_f32)(s, begin, end, x, places, weights, y);
    } else if constexpr (std::is_same_v<T, double>) {
      HWY_DYNAMIC_DISPATCH(sums_f64)(s, begin, end, x, places, weights, y);
    } else {
      sums_bf16(s, begin, end, x, places, weights, y);
    }
  });
}

template <class T, class W>
void sum_rows_back(const RowSums& s, const T* dy, const int32_t* places, const W* weights, T* dx) {
  const int64_t blocks = (s.c + kBlock - 1) / kBlock;
  parallel_chunks(s.n * blocks, [&](int64_t unit) {
    const int64_t image = unit / blocks, first = unit % blocks * kBlock;
    const int64_t width = std::min(kBlock, s.c - first);
    const int64_t begin = image * s.points, end = begin + s.points;
    const Scratch<W> sum(s.rows * width, "grid_sample");
    std::fill_n(sum.data(), s.rows * width, W(0));
    const T* from = dy + first;
    if constexpr (std::is_same_v<T, float>) {
      HWY_DYNAMIC_DISPATCH(sums_back_f32)
      (s, begin, end, width, from, places, weights, sum.data());
    } else if constexpr (std::is_same_v<T, double>) {
      HWY_DYNAMIC_DISPATCH(sums_back_f64)
      (s, begin, end, width, from, places, weights, sum.data());
    } else {
      sums_back_bf16(s, begin, end, width, from, places, weights, sum.data());
    }
    for (int64_t row = 0; row < s.rows; ++row) {
      T* to = dx + (image * s.rows + row) * s.c + first;
      for (int64_t at = 0; at < width; ++at) to[at] = T(sum[row * width + at]);
    }
  });
}

template <class T, class W>
void dot_rows(const RowSums& s, const T* dy, const T* x, const int32_t* places, W* dw) {
  parallel_for(s.n * s.points, grain(s), [&](int64_t begin, int64_t end) {
    if constexpr (std::is_same_v<T, float>) {
      HWY_DYNAMIC_DISPATCH(dots_f32)(s, begin, end, dy, x, places, dw);
    } else if constexpr (std::is_same_v<T, double>) {
      HWY_DYNAMIC_DISPATCH(dots_f64)(s, begin, end, dy, x, places, dw);
    } else {
      dots_bf16(s, begin, end, dy, x, places, dw);
    }
  });
}

template void sum_rows(const RowSums&, const float*, const int32_t*, const float*, float*);
template void sum_rows(const RowSums&, const double*, const int32_t*, const double*, double*);
template void sum_rows(const RowSums&, const bfloat16*, const int32_t*, const float*, bfloat16*);
template void sum_rows_back(const RowSums&, const float*, const int32_t*, const float*, float*);
template void sum_rows_back(const RowSums&, const double*, const int32_t*, const double*, double*);
template void sum_rows_back(const RowSums&, const bfloat16*, const int32_t*, const float*,
                            bfloat16*);
template void dot_rows(const RowSums&, const float*, const float*, const int32_t*, float*);
template void dot_rows(const RowSums&, const double*, const double*, const int32_t*, double*);
template void dot_rows(const RowSums&, const bfloat16*, const bfloat16*, const int32_t*, float*);

}  // namespace strata::kernels
#endif
