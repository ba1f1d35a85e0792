// Pooling in f32, vectors along the channels. All passes read windows and write each result once,
// so that threads never add into the same place.
#include "strata/kernels/pool.h"

#include <algorithm>
#include <cmath>

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
    auto where = hn::Set(di, static_cast<int32_t>(at.top * p.columns.in + at.left));
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

}  // namespace
}  // namespace pool

void run_max_pool(const Pool2d& p, const float* x, float* y, int32_t* index) {
  each_window(p, [&](const WindowOf& at) {
    pool::max_window(p, at, x + at.image * p.c, y + at.result * p.c, index + at.result * p.c);
  });
}

void run_max_pool_back(const Pool2d& p, const float* dy, const int32_t* index, float* dx) {
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
