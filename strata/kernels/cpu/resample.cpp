#include "strata/kernels/resample.h"

#include <algorithm>
#include <type_traits>

#include "strata/base/half.h"
#include "strata/base/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/resample.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/part-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

// Row i of the results of one image.
void run_resample_row(int64_t c, const ResampleAxis& rows, const ResampleAxis& columns, int64_t i,
                      const float* image, float* y) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(hn::ScalableTag<float>()));
  const auto row = static_cast<size_t>(i);
  for (size_t j = 0; j + 1 < columns.begin.size(); ++j) {
    for (int64_t at = 0; at < c; at += kLanes) {
      const int64_t count = std::min(kLanes, c - at);
      auto sum = hn::Zero(d);
      for (auto r = static_cast<size_t>(rows.begin[row]);
           r < static_cast<size_t>(rows.begin[row + 1]); ++r) {
        for (auto t = static_cast<size_t>(columns.begin[j]);
             t < static_cast<size_t>(columns.begin[j + 1]); ++t) {
          const float weight =
              static_cast<float>(rows.weight[r]) * static_cast<float>(columns.weight[t]);
          const float* from = image + (rows.from[r] * columns.in + columns.from[t]) * c + at;
          sum = hn::MulAdd(hn::Set(d, weight), part::load(d, from, count), sum);
        }
      }
      part::store(d, sum, y + static_cast<int64_t>(j) * c + at, count);
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

}  // namespace strata::kernels
#endif
