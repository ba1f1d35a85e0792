// Pooling in f32, vectors along the channels. All passes read windows and write each result once,
// so that threads never add into the same place.
#include "strata/kernels/pool.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "strata/base/half.h"
#include "strata/base/parallel.h"
#include "strata/kernels/cpu/pool_plain.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/pool.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/part-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace pool {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using I32 = hn::ScalableTag<int32_t>;
using V32 = hn::Vec<F32>;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(F32()));

void max_window(const Pool2d& p, const WindowOf& at, const float* image, float* y, int32_t* index) {
  const F32 d;
  const I32 di;
  for (int64_t c = 0; c < p.c; c += kLanes) {
    const int64_t count = std::min(kLanes, p.c - c);
    V32 best = hn::Set(d, -HUGE_VALF);
    auto where = hn::Set(di, static_cast<int32_t>(first_place(p, at)));
    for (int64_t i = at.top; i < at.bottom; i += p.rows.step) {
      for (int64_t j = at.left; j < at.right; j += p.columns.step) {
        const int64_t place = i * p.columns.in + j;
        const V32 v = part::load(d, image + place * p.c + c, count);
        const auto better = hn::Or(hn::Gt(v, best), hn::IsNaN(v));
        best = hn::IfThenElse(better, v, best);
        where = hn::IfThenElse(hn::RebindMask(di, better), hn::Set(di, static_cast<int32_t>(place)),
                               where);
      }
    }
    part::store(d, best, y + c, count);
    part::store(di, where, index + c, count);
  }
}

// One input: the windows over it whose index says that it was the largest.
void max_back(const Pool2d& p, const ResultsOf& at, int32_t place, const float* dy,
              const int32_t* index, float* dx) {
  const F32 d;
  const I32 di;
  const auto wanted = hn::Set(di, place);
  const int64_t ow = p.columns.out();
  for (int64_t c = 0; c < p.c; c += kLanes) {
    const int64_t count = std::min(kLanes, p.c - c);
    V32 sum = hn::Zero(d);
    for (int64_t i = at.top; i < at.bottom; ++i) {
      for (int64_t j = at.left; j < at.right; ++j) {
        const int64_t from = (i * ow + j) * p.c + c;
        const auto mine = hn::Eq(part::load(di, index + from, count), wanted);
        sum = hn::Add(sum,
                      hn::IfThenElseZero(hn::RebindMask(d, mine), part::load(d, dy + from, count)));
      }
    }
    part::store(d, sum, dx + c, count);
  }
}

void average_window(const Pool2d& p, const WindowOf& at, const float* image, float* y) {
  const F32 d;
  const V32 length = hn::Set(d, static_cast<float>(at.length));
  for (int64_t c = 0; c < p.c; c += kLanes) {
    const int64_t count = std::min(kLanes, p.c - c);
    V32 sum = hn::Zero(d);
    for (int64_t i = at.top; i < at.bottom; ++i) {
      for (int64_t j = at.left; j < at.right; ++j) {
        sum = hn::Add(sum, part::load(d, image + (i * p.columns.in + j) * p.c + c, count));
      }
    }
    part::store(d, hn::Div(sum, length), y + c, count);
  }
}

void average_back(const Pool2d& p, const ResultsOf& at, const float* dy, float* dx) {
  const F32 d;
  const int64_t ow = p.columns.out();
  for (int64_t c = 0; c < p.c; c += kLanes) {
    const int64_t count = std::min(kLanes, p.c - c);
    V32 sum = hn::Zero(d);
    for (int64_t i = at.top; i < at.bottom; ++i) {
      for (int64_t j = at.left; j < at.right; ++j) {
        const auto length = static_cast<float>(int64_t{p.rows.length[static_cast<size_t>(i)]} *
                                               p.columns.length[static_cast<size_t>(j)]);
        const V32 v = part::load(d, dy + (i * ow + j) * p.c + c, count);
        sum = hn::Add(sum, hn::Div(v, hn::Set(d, length)));
      }
    }
    part::store(d, sum, dx + c, count);
  }
}

// Whether the windows along an axis are pairs of neighbours, one pair behind the other.
bool has_pairs(const PoolAxis& axis) {
  for (int64_t i = 0; i < axis.out(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (axis.begin[at] != 2 * i || axis.end[at] != 2 * i + 2) return false;
  }
  return axis.step == 1;
}

// How many of `pixels` of fewer channels than a vector, `step` elements apart, may be read or
// written as a vector, which runs over into those behind them, but not beyond `room` elements.
int64_t whole_pixels(int64_t pixels, int64_t step, int64_t room) {
  return room < kLanes ? 0 : std::min(pixels, (room - kLanes) / step + 1);
}

// Calls f(whole, pixel, channel, count) for the vectors of pixels of c channels; `whole` is a
// constant: true where all lanes may be touched, because they are the pixel's or, of few channels,
// in one of the first `free` pixels.
template <class F>
HWY_INLINE void each_vector(int64_t pixels, int64_t free, int64_t c, F&& f) {
  if (c >= kLanes) free = 0;
  for (int64_t j = 0; j < pixels; ++j) {
    for (int64_t k = 0; k < c; k += kLanes) {
      if (j < free || c - k >= kLanes) {
        f(std::true_type(), j, k, kLanes);
      } else {
        f(std::false_type(), j, k, c - k);
      }
    }
  }
}

template <bool kWhole, class D>
HWY_INLINE hn::Vec<D> load_lanes(D d, const hn::TFromD<D>* from, int64_t count) {
  if constexpr (kWhole) return hn::LoadU(d, from);
  return part::load(d, from, count);
}

template <bool kWhole, class D>
HWY_INLINE void store_lanes(D d, hn::Vec<D> v, hn::TFromD<D>* to, int64_t count) {
  if constexpr (kWhole) {
    hn::StoreU(v, d, to);
  } else {
    part::store(d, v, to, count);
  }
}

// Where a row of windows of two by two pixels begins, and the place of its first pixel in its
// image.
struct PairsRow {
  PairsRow(const Pool2d& p, int64_t row)
      : place(row % p.rows.out() * 2 * p.columns.in),
        x((row / p.rows.out() * p.rows.in * p.columns.in + place) * p.c),
        y(row * p.columns.out() * p.c) {}
  int64_t place, x, y;
};

// The rows [begin, end) of results. Vectors run over into the next result, which comes later.
void max_of_pairs(const Pool2d& p, int64_t begin, int64_t end, const float* x, float* y,
                  int32_t* index) {
  const F32 d;
  const I32 di;
  const int64_t ow = p.columns.out(), in = p.columns.in, y_end = end * ow * p.c;
  const int64_t taps[] = {0, 1, in, in + 1};
  for (int64_t row = begin; row < end; ++row) {
    const PairsRow at(p, row);
    const int64_t free = std::min(whole_pixels(ow, p.c, y_end - at.y),
                                  whole_pixels(ow, 2 * p.c, p.x_size() - at.x - taps[3] * p.c));
    each_vector(ow, free, p.c, [&](auto all, int64_t j, int64_t c, int64_t count) HWY_ATTR {
      constexpr bool kWhole = decltype(all)::value;
      const float* from = x + at.x + 2 * j * p.c + c;
      const auto place = static_cast<int32_t>(at.place + 2 * j);
      V32 best = load_lanes<kWhole>(d, from, count);
      auto where = hn::Set(di, place);
      for (int t = 1; t < 4; ++t) {
        const V32 v = load_lanes<kWhole>(d, from + taps[t] * p.c, count);
        const auto better = hn::Or(hn::Gt(v, best), hn::IsNaN(v));
        best = hn::IfThenElse(better, v, best);
        where = hn::IfThenElse(hn::RebindMask(di, better),
                               hn::Set(di, place + static_cast<int32_t>(taps[t])), where);
      }
      const int64_t to = at.y + j * p.c + c;
      store_lanes<kWhole>(d, best, y + to, count);
      store_lanes<kWhole>(di, where, index + to, count);
    });
  }
}

// The gradients under the rows [begin, end) of results, and zeros where no window lies.
void max_of_pairs_back(const Pool2d& p, int64_t begin, int64_t end, const float* dy,
                       const int32_t* index, float* dx) {
  const F32 d;
  const I32 di;
  const int64_t oh = p.rows.out(), ow = p.columns.out(), in = p.columns.in;
  const int64_t taps[] = {0, 1, in, in + 1};
  for (int64_t row = begin; row < end; ++row) {
    const PairsRow at(p, row);
    const int64_t free = std::min(whole_pixels(ow, p.c, p.y_size() - at.y),
                                  whole_pixels(ow, 2 * p.c, (in - 1) * p.c));
    each_vector(ow, free, p.c, [&](auto all, int64_t j, int64_t c, int64_t count) HWY_ATTR {
      constexpr bool kWhole = decltype(all)::value;
      const int64_t from = at.y + j * p.c + c;
      // As a sum that begins with zero: it is never a negative one.
      const V32 gradient = hn::Add(hn::Zero(d), load_lanes<kWhole>(d, dy + from, count));
      const auto where = load_lanes<kWhole>(di, index + from, count);
      float* to = dx + at.x + 2 * j * p.c + c;
      for (const int64_t tap : taps) {
        const auto mine = hn::Eq(where, hn::Set(di, static_cast<int32_t>(at.place + 2 * j + tap)));
        store_lanes<kWhole>(d, hn::IfThenElseZero(hn::RebindMask(d, mine), gradient),
                            to + tap * p.c, count);
      }
    });
    float* const below = dx + at.x + 2 * in * p.c;
    for (float* next : {below - in * p.c, below}) {
      std::fill(next - (in - 2 * ow) * p.c, next, 0.0f);
    }
    if (row % oh == oh - 1) std::fill_n(below, (p.rows.in - 2 * oh) * in * p.c, 0.0f);
  }
}

// Calls f(begin, end) on ranges of rows of results.
template <class F>
void each_rows(const Pool2d& p, F&& f) {
  if (p.c == 0) return;
  parallel_for(p.n * p.rows.out(), pool_grain(p.columns.out() * p.c), f);
}

}  // namespace
}  // namespace pool

void run_max_pool(const Pool2d& p, const float* x, float* y, int32_t* index) {
  if (pool::has_pairs(p.rows) && pool::has_pairs(p.columns)) {
    return pool::each_rows(
        p, [&](int64_t begin, int64_t end) { pool::max_of_pairs(p, begin, end, x, y, index); });
  }
  each_window(p, [&](const WindowOf& at) {
    pool::max_window(p, at, x + at.image * p.c, y + at.result * p.c, index + at.result * p.c);
  });
}

void run_max_pool_back(const Pool2d& p, const float* dy, const int32_t* index, float* dx) {
  if (pool::has_pairs(p.rows) && pool::has_pairs(p.columns)) {
    return pool::each_rows(p, [&](int64_t begin, int64_t end) {
      pool::max_of_pairs_back(p, begin, end, dy, index, dx);
    });
  }
  each_input(p, [&](const ResultsOf& at) {
    pool::max_back(p, at, static_cast<int32_t>(at.place), dy + at.results * p.c,
                   index + at.results * p.c, dx + at.input * p.c);
  });
}

void run_average_pool(const Pool2d& p, const float* x, float* y) {
  each_window(p, [&](const WindowOf& at) {
    pool::average_window(p, at, x + at.image * p.c, y + at.result * p.c);
  });
}

void run_average_pool_back(const Pool2d& p, const float* dy, float* dx) {
  each_input(p, [&](const ResultsOf& at) {
    pool::average_back(p, at, dy + at.results * p.c, dx + at.input * p.c);
  });
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(run_max_pool);
HWY_EXPORT(run_max_pool_back);
HWY_EXPORT(run_average_pool);
HWY_EXPORT(run_average_pool_back);

template <>
void max_pool2d(const Pool2d& p, const float* x, float* y, int32_t* index) {
  HWY_DYNAMIC_DISPATCH(run_max_pool)(p, x, y, index);
}
template <>
void max_pool2d_backward(const Pool2d& p, const float* dy, const int32_t* index, float* dx) {
  HWY_DYNAMIC_DISPATCH(run_max_pool_back)(p, dy, index, dx);
}
template <>
void avg_pool2d(const Pool2d& p, const float* x, float* y) {
  HWY_DYNAMIC_DISPATCH(run_average_pool)(p, x, y);
}
template <>
void avg_pool2d_backward(const Pool2d& p, const float* dy, float* dx) {
  HWY_DYNAMIC_DISPATCH(run_average_pool_back)(p, dy, dx);
}

}  // namespace strata::kernels
#endif
