#include "strata/kernels/copy.h"

#include <algorithm>
#include <cstring>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/cast.h"
#include "strata/kernels/cpu/convert.h"
#include "strata/tensor/strided.h"

namespace strata::kernels {
namespace {

constexpr int64_t kGrain = 16384;  // elements for which a second thread pays
constexpr int64_t kTile = 32;      // square tile of a transposing copy: both sides stay in L1

/// The last axis of `shape` is the inner loop; the axes before it are walked by `outer` index.
template <class T>
class StridedCopy {
 public:
  StridedCopy(const Coalesced<2>& c, const T* x, T* y) : x_(x), y_(y), c_(c) { order_for_tiles(); }

  void run() const {
    const int last = c_.shape.rank() - 1;
    const int64_t inner = c_.shape[last];
    const int64_t tiles = tiled_ ? (c_.shape[last - 1] + kTile - 1) / kTile : 1;
    int64_t outer = tiles;
    for (int i = 0; i < (tiled_ ? last - 1 : last); ++i) outer *= c_.shape[i];
    const int64_t work = tiled_ ? inner * kTile : inner;
    parallel_for(outer, std::max<int64_t>(1, kGrain / std::max<int64_t>(work, 1)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t i = begin; i < end; ++i) {
                     if (tiled_) {
                       tile_row(i / tiles, i % tiles * kTile);
                     } else {
                       row(i);
                     }
                   }
                 });
  }

 private:
  /// Where x runs along another axis than y, moves that axis next to the last one, to be tiled.
  void order_for_tiles() {
    const int last = c_.shape.rank() - 1;
    if (last < 1 || c_.strides[0][last] == 1) return;
    for (int axis = 0; axis < last; ++axis) {
      if (c_.strides[0][axis] != 1) continue;
      std::swap(c_.shape[axis], c_.shape[last - 1]);
      for (auto& s : c_.strides) std::swap(s[axis], s[last - 1]);
      tiled_ = true;
      return;
    }
  }

  /// Offsets of the outer index over the first `axes` axes.
  std::pair<int64_t, int64_t> locate(int64_t index, int axes) const {
    int64_t ox = 0, oy = 0;
    for (int i = axes - 1; i >= 0; --i) {
      const int64_t at = index % c_.shape[i];
      index /= c_.shape[i];
      ox += at * c_.strides[0][i];
      oy += at * c_.strides[1][i];
    }
    return {ox, oy};
  }

  void row(int64_t index) const {
    const int last = c_.shape.rank() - 1;
    const auto [ox, oy] = locate(index, last);
    line(x_ + ox, c_.strides[0][last], y_ + oy, c_.strides[1][last], c_.shape[last]);
  }

  void tile_row(int64_t index, int64_t first) const {
    const int last = c_.shape.rank() - 1;
    const auto [ox, oy] = locate(index, last - 1);
    const int64_t rows = std::min(kTile, c_.shape[last - 1] - first), columns = c_.shape[last];
    const int64_t xr = c_.strides[0][last - 1], yr = c_.strides[1][last - 1];
    const int64_t xc = c_.strides[0][last], yc = c_.strides[1][last];
    for (int64_t j = 0; j < columns; j += kTile) {
      const int64_t width = std::min(kTile, columns - j);
      for (int64_t i = first; i < first + rows; ++i) {
        line(x_ + ox + i * xr + j * xc, xc, y_ + oy + i * yr + j * yc, yc, width);
      }
    }
  }

  static void line(const T* x, int64_t xs, T* y, int64_t ys, int64_t n) {
    if (xs == 1 && ys == 1) {
      std::copy(x, x + n, y);
    } else if (ys == 1) {
      for (int64_t i = 0; i < n; ++i) y[i] = x[i * xs];
    } else {
      for (int64_t i = 0; i < n; ++i) y[i * ys] = x[i * xs];
    }
  }

  const T* x_;
  T* y_;
  Coalesced<2> c_;
  bool tiled_ = false;
};

/// One run of bytes. What is too large to be found in the caches again is written past them.
void copy_run(const void* x, void* y, int64_t bytes) {
  const auto* from = static_cast<const char*>(x);
  auto* to = static_cast<char*>(y);
  const bool streams = bytes >= cpu::kStreamBytes && reinterpret_cast<uintptr_t>(to) % 64 == 0;
  parallel_for(bytes, int64_t{4} * kGrain, [&](int64_t begin, int64_t end) {
    if (streams) {
      cpu::stream_copy(from + begin, to + begin, end - begin);
      cpu::finish_streaming();
    } else {
      std::memcpy(to + begin, from + begin, static_cast<size_t>(end - begin));
    }
  });
}

/// Only the width of an element matters.
template <class F>
void visit_width(int64_t bytes, F&& f) {
  switch (bytes) {
    case 1: f(TypeTag<uint8_t>{}); break;
    case 2: f(TypeTag<uint16_t>{}); break;
    case 4: f(TypeTag<uint32_t>{}); break;
    default: f(TypeTag<uint64_t>{}); break;
  }
}

}  // namespace

void copy(Cpu, const Tensor& x, Tensor& y) {
  if (x.dtype() != y.dtype()) return cpu::cast(x, y);
  const int64_t n = x.numel();
  if (n == 0) return;
  const auto c = coalesce<2>(x.shape(), {x.strides(), y.strides()});
  const bool one_run =
      c.shape.empty() || (c.shape.rank() == 1 && c.strides[0][0] == 1 && c.strides[1][0] == 1);
  if (one_run) return copy_run(x.raw(), y.raw(), n * size_of(x.dtype()));
  visit_width(size_of(x.dtype()), [&](auto tag) {
    using T = typename decltype(tag)::type;
    StridedCopy<T>(c, static_cast<const T*>(x.raw()), static_cast<T*>(y.raw())).run();
  });
}

void fill(Cpu, double value, Tensor& y) {
  visit_dtype(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T v = cpu::converted<T>(value);
    T* out = static_cast<T*>(y.raw());
    if (y.is_contiguous()) {
      parallel_for(y.numel(), 4 * kGrain,
                   [&](int64_t begin, int64_t end) { std::fill(out + begin, out + end, v); });
    } else {
      for_each_offset(y.shape(), y.strides(), [&](int64_t at) { out[at] = v; });
    }
  });
}

}  // namespace strata::kernels
