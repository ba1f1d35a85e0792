#include "strata/kernels/copy.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/cast.h"
#include "strata/kernels/cpu/convert.h"
#include "strata/kernels/cpu/transpose.h"
#include "strata/tensor/strided.h"

namespace strata::kernels {
namespace {

constexpr int64_t kGrain = 16384;  // elements for which a second thread pays
constexpr int64_t kTile = 64;      // rows of a tile of a transposing copy: both sides stay in L2
constexpr int64_t kWide = 256;     // and its columns

/// Walks the axes of a shape that lie before the last `skip` ones, keeping the offsets in both
/// arrays.
class Odometer {
 public:
  Odometer(const Coalesced<2>& c, int skip, int64_t start)
      : c_(c), axes_(c.shape.rank() - skip), at_(Dims::filled(axes_, 0)) {
    for (int i = axes_ - 1; i >= 0; --i) {
      at_[i] = start % c.shape[i];
      start /= c.shape[i];
      x += at_[i] * c.strides[0][i];
      y += at_[i] * c.strides[1][i];
    }
  }
  void next() {
    for (int i = axes_ - 1; i >= 0; --i) {
      x += c_.strides[0][i];
      y += c_.strides[1][i];
      if (++at_[i] < c_.shape[i]) return;
      x -= c_.strides[0][i] * c_.shape[i];
      y -= c_.strides[1][i] * c_.shape[i];
      at_[i] = 0;
    }
  }
  int64_t x = 0, y = 0;

 private:
  const Coalesced<2>& c_;
  int axes_;
  Dims at_;
};

/// The last axis is the inner loop, over which y's memory runs on.
template <class T>
class StridedCopy {
 public:
  StridedCopy(const Coalesced<2>& c, const T* x, T* y)
      : x_(x), y_(y), c_(c), last_(c.shape.rank() - 1) {}

  void run() {
    if (bring_up_x()) {
      run_tiles();
    } else {
      run_rows();
    }
  }

 private:
  /// Where x runs along another axis than y, moves that axis next to the last one.
  bool bring_up_x() {
    if (last_ < 1 || c_.strides[0][last_] == 1) return false;
    for (int axis = 0; axis < last_; ++axis) {
      if (c_.strides[0][axis] != 1) continue;
      std::swap(c_.shape[axis], c_.shape[last_ - 1]);
      for (auto& s : c_.strides) std::swap(s[axis], s[last_ - 1]);
      return true;
    }
    return false;
  }

  int64_t count(int axes) const {
    int64_t n = 1;
    for (int i = 0; i < axes; ++i) n *= c_.shape[i];
    return n;
  }

  void run_rows() const {
    const int64_t inner = c_.shape[last_], xs = c_.strides[0][last_], ys = c_.strides[1][last_];
    parallel_for(count(last_), std::max<int64_t>(1, kGrain / inner),
                 [&](int64_t begin, int64_t end) {
                   Odometer at(c_, 1, begin);
                   for (int64_t i = begin; i < end; ++i, at.next()) {
                     line(x_ + at.x, xs, y_ + at.y, ys, inner);
                   }
                 });
  }

  /// Matrices to turn over, in tiles that both caches hold: x runs along the rows, y the columns.
  void run_tiles() const {
    const int64_t rows = c_.shape[last_ - 1], columns = c_.shape[last_];
    const int64_t down = (rows + kTile - 1) / kTile, across = (columns + kWide - 1) / kWide;
    const int64_t tiles = down * across;
    const bool stream = count(last_ + 1) * static_cast<int64_t>(sizeof(T)) >= cpu::kStreamBytes;
    parallel_for(count(last_ - 1) * tiles, std::max<int64_t>(1, kGrain / (kTile * kWide)),
                 [&](int64_t begin, int64_t end) {
                   Odometer at(c_, 2, begin / tiles);
                   for (int64_t i = begin; i < end; ++i) {
                     if (i > begin && i % tiles == 0) at.next();
                     tile(at, i % tiles / across * kTile, i % across * kWide, stream);
                   }
                   if (stream) cpu::finish_streaming();
                 });
  }

  void tile(const Odometer& at, int64_t row, int64_t column, bool stream) const {
    const int64_t rows = std::min(kTile, c_.shape[last_ - 1] - row);
    const int64_t columns = std::min(kWide, c_.shape[last_] - column);
    const int64_t xs = c_.strides[0][last_], ys = c_.strides[1][last_ - 1];
    const int64_t step = c_.strides[1][last_];
    const T* x = x_ + at.x + row + column * xs;
    T* y = y_ + at.y + row * ys + column * step;
    if (step == 1) {
      cpu::transpose(sizeof(T), x, xs, y, ys, rows, columns, stream);
      return;
    }
    for (int64_t j = 0; j < columns; j += kTile) {
      const int64_t width = std::min(kTile, columns - j);
      for (int64_t i = 0; i < rows; ++i) {
        line(x + i + j * xs, xs, y + i * ys + j * step, step, width);
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
  int last_;
};

/// One run of bytes. What is too large to be found in the caches again is written past them.
void copy_run(const void* x, void* y, int64_t bytes) {
  const auto* from = static_cast<const char*>(x);
  auto* to = static_cast<char*>(y);
  const bool streams = cpu::should_stream(to, bytes);
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

/// Both arrays with y's axes from the widest stride to the narrowest: the order of a copy is free.
Coalesced<2> in_order_of(const Tensor& x, const Tensor& y) {
  Shape shape = y.shape();
  std::array<Strides, 2> strides = {x.strides(), y.strides()};
  const auto width = [&](int i) { return std::abs(strides[1][i]); };
  for (int i = 1; i < shape.rank(); ++i) {
    for (int j = i; j > 0 && width(j - 1) < width(j); --j) {
      std::swap(shape[j - 1], shape[j]);
      for (Strides& s : strides) std::swap(s[j - 1], s[j]);
    }
  }
  return coalesce<2>(shape, strides);
}

}  // namespace

void copy(Cpu, const Tensor& x, Tensor& y) {
  if (x.dtype() != y.dtype()) return cpu::cast(x, y);
  const int64_t n = x.numel();
  if (n == 0) return;
  const Coalesced<2> c = in_order_of(x, y);
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
