#include "strata/kernels/resample.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "strata/base/half.h"
#include "strata/base/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/resample.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/part-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

namespace {
namespace hn = hwy::HWY_NAMESPACE;
using F32 = hn::ScalableTag<float>;
using V32 = hn::Vec<F32>;

// A pixel that a result is made of.
struct Tap {
  const float* from;
  float weight;
};

// kTaps as in all results of most resamplings, or 0: as many as there are.
template <size_t kTaps>
HWY_INLINE void add_taps(const Tap* taps, size_t count, int64_t c, float* y) {
  const F32 d;
  constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(F32()));
  const size_t size = kTaps ? kTaps : count;
  const auto sum = [&](int64_t at, auto load) HWY_ATTR {
    V32 s = hn::Zero(d);
    for (size_t t = 0; t < size; ++t) {
      s = hn::MulAdd(hn::Set(d, taps[t].weight), load(taps[t].from + at), s);
    }
    return s;
  };
  int64_t at = 0;
  for (; at + kLanes <= c; at += kLanes) {
    hn::StoreU(sum(at, [&](const float* from) HWY_ATTR { return hn::LoadU(d, from); }), d, y + at);
  }
  if (at == c) return;
  const auto part = [&](const float* from) HWY_ATTR { return part::load(d, from, c - at); };
  part::store(d, sum(at, part), y + at, c - at);
}

}  // namespace

// Row i of the results of one image.
void run_resample_row(int64_t c, const ResampleAxis& rows, const ResampleAxis& columns, int64_t i,
                      const float* image, float* y) {
  const auto row = static_cast<size_t>(i);
  std::vector<Tap> taps;
  for (size_t j = 0; j + 1 < columns.begin.size(); ++j, y += c) {
    taps.clear();
    for (auto r = static_cast<size_t>(rows.begin[row]);
         r < static_cast<size_t>(rows.begin[row + 1]); ++r) {
      for (auto t = static_cast<size_t>(columns.begin[j]);
           t < static_cast<size_t>(columns.begin[j + 1]); ++t) {
        taps.push_back(
            {image + (rows.from[r] * columns.in + columns.from[t]) * c,
             static_cast<float>(rows.weight[r]) * static_cast<float>(columns.weight[t])});
      }
    }
    switch (taps.size()) {
      case 1: add_taps<1>(taps.data(), 1, c, y); break;
      case 4: add_taps<4>(taps.data(), 4, c, y); break;
      case 16: add_taps<16>(taps.data(), 16, c, y); break;
      default: add_taps<0>(taps.data(), taps.size(), c, y);
    }
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(run_resample_row);

template <class T>
void resample_row(int64_t c, const ResampleAxis& rows, const ResampleAxis& columns, int64_t i,
                  const T* image, T* y) {
  using Wide = std::conditional_t<std::is_same_v<T, double>, double, float>;
  const auto row = static_cast<size_t>(i);
  for (size_t j = 0; j + 1 < columns.begin.size(); ++j) {
    for (int64_t at = 0; at < c; ++at) {
      Wide sum = 0;
      for (auto r = static_cast<size_t>(rows.begin[row]);
           r < static_cast<size_t>(rows.begin[row + 1]); ++r) {
        for (auto t = static_cast<size_t>(columns.begin[j]);
             t < static_cast<size_t>(columns.begin[j + 1]); ++t) {
          const int64_t from = (rows.from[r] * columns.in + columns.from[t]) * c + at;
          sum += static_cast<Wide>(rows.weight[r] * columns.weight[t]) *
                 static_cast<Wide>(image[from]);
        }
      }
      y[static_cast<int64_t>(j) * c + at] = T(sum);
    }
  }
}

}  // namespace

template <class T>
void resample2d(int64_t n, int64_t c, const ResampleAxis& rows, const ResampleAxis& columns,
                const T* x, T* y) {
  const int64_t oh = rows.out(), row_size = columns.out() * c;
  const int64_t image = rows.in * columns.in * c;
  parallel_for(n * oh, std::max<int64_t>(1, 4096 / std::max<int64_t>(row_size, 1)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t at = begin; at < end; ++at) {
                   const T* from = x + at / oh * image;
                   T* to = y + at * row_size;
                   if constexpr (std::is_same_v<T, float>) {
                     HWY_DYNAMIC_DISPATCH(run_resample_row)(c, rows, columns, at % oh, from, to);
                   } else {
                     resample_row(c, rows, columns, at % oh, from, to);
                   }
                 }
               });
}

template void resample2d(int64_t, int64_t, const ResampleAxis&, const ResampleAxis&, const float*,
                         float*);
template void resample2d(int64_t, int64_t, const ResampleAxis&, const ResampleAxis&, const double*,
                         double*);
template void resample2d(int64_t, int64_t, const ResampleAxis&, const ResampleAxis&,
                         const bfloat16*, bfloat16*);
template void resample2d(int64_t, int64_t, const ResampleAxis&, const ResampleAxis&, const float16*,
                         float16*);

}  // namespace strata::kernels
#endif
