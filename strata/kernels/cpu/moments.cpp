#include "strata/kernels/moments.h"

#include <algorithm>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/axes.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/moments.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include "strata/kernels/cpu/moments-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace {

constexpr int64_t kGrain = 16384;  // elements for which a second thread pays
constexpr int64_t kChunk = 32768;  // elements that are a unit of work
constexpr int64_t kTile = 512;     // columns: 8 rows of them stay in L1

template <class T>
struct Result {
  Computed<T>*mean, *squares;

  void set(int64_t i, const Moments& m) const {
    mean[i] = static_cast<Computed<T>>(m.mean);
    squares[i] = static_cast<Computed<T>>(m.squares);
  }
};

template <class T>
void moments_of_rows(const T* x, int64_t rows, int64_t n, Result<T> y) {
  const int64_t chunks = std::max<int64_t>(1, (n + kChunk - 1) / kChunk);
  std::vector<Moments> parts(static_cast<size_t>(rows * chunks));
  const int64_t grain = kGrain / std::clamp<int64_t>(n, 8, kChunk);
  parallel_for(rows * chunks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; ++u) {
      const int64_t at = u % chunks * kChunk;
      parts[static_cast<size_t>(u)] =
          row_moments(x + u / chunks * n + at, std::min(kChunk, n - at));
    }
  });
  for (int64_t i = 0; i < rows; ++i) {
    Moments all;
    for (int64_t k = 0; k < chunks; ++k) all.merge(parts[static_cast<size_t>(i * chunks + k)]);
    if (n == 0) all.mean = all.squares = std::numeric_limits<double>::quiet_NaN();
    y.set(i, all);
  }
}

/// Of one unit of columns; narrow ones are read several rows at a time and folded.
template <class T>
void moments_of_unit(const T* x, int64_t rows, int64_t columns, int64_t stride, Moments* out) {
  Computed<T> mean[kTile], squares[kTile];
  const int64_t fitting = stride == columns ? cpu::rows_in_one(columns, kTile) : 1;
  const int64_t group = rows >= fitting ? fitting : 1;
  const int64_t whole = rows / group, width = group * columns;
  column_moments(x, whole, width, stride * group, mean, squares);
  for (int64_t c = 0; c < columns; ++c) {
    Moments all;
    for (int64_t i = c; i < width; i += columns) {
      const double first = static_cast<double>(x[i]);
      all.merge({static_cast<double>(whole), first + static_cast<double>(mean[i]),
                 static_cast<double>(squares[i])});
    }
    for (int64_t r = whole * group; r < rows; ++r) {
      all.merge({1, static_cast<double>(x[r * columns + c]), 0});
    }
    out[c] = all;
  }
}

template <class T>
void moments_of_columns(const T* x, const cpu::Run& run, Result<T> y) {
  const int64_t outer = run.outer, length = run.length, inner = run.inner;
  const int64_t tile = std::min(inner, kTile), tiles = (inner + tile - 1) / tile;
  const int64_t rows = std::max<int64_t>(64, kChunk / tile);  // of a unit
  const int64_t chunks = std::max<int64_t>(1, (length + rows - 1) / rows);
  std::vector<Moments> parts(static_cast<size_t>(outer * chunks * inner));
  const int64_t grain = kGrain / std::max<int64_t>(8, std::min(rows, length) * tile);
  parallel_for(outer * chunks * tiles, grain, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; ++u) {
      const int64_t o = u / (chunks * tiles), k = u / tiles % chunks, c = u % tiles * tile;
      moments_of_unit(x + (o * length + k * rows) * inner + c, std::min(rows, length - k * rows),
                      std::min(tile, inner - c), inner,
                      &parts[static_cast<size_t>((o * chunks + k) * inner + c)]);
    }
  });
  for (int64_t i = 0; i < outer * inner; ++i) {
    Moments all;
    for (int64_t k = 0; k < chunks; ++k) {
      all.merge(parts[static_cast<size_t>((i / inner * chunks + k) * inner + i % inner)]);
    }
    if (length == 0) all.mean = all.squares = std::numeric_limits<double>::quiet_NaN();
    y.set(i, all);
  }
}

void moments_of_run(const Tensor& x, const cpu::Run& run, Tensor& mean, Tensor& squares) {
  for_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const Result<T> y{mean.data<Computed<T>>(), squares.data<Computed<T>>()};
    if (run.inner == 1) {
      moments_of_rows(x.data<T>(), run.outer, run.length, y);
    } else {
      moments_of_columns(x.data<T>(), run, y);
    }
  });
}

}  // namespace
}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(moments_of_run);

}  // namespace

void moments(Cpu, const Tensor& x, Tensor& mean, Tensor& squares) {
  if (mean.numel() == 0) return;
  cpu::AxisGroups groups(x.shape(), mean.shape());
  cpu::Run run = groups.pop();
  Tensor from;
  if (groups.any_reduced()) {
    from = cpu::reduced_last(x, mean.shape());
    run = {mean.numel(), x.numel() / mean.numel(), 1};
  } else {
    from = cpu::packed(x);
  }
  HWY_DYNAMIC_DISPATCH(moments_of_run)(from, run, mean, squares);
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
