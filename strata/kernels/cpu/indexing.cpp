#include "strata/kernels/indexing.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "strata/base/parallel.h"

namespace strata::kernels {
namespace {

constexpr int64_t kGrain = 16384;  // elements for which a second thread pays
constexpr int64_t kColumns = 256;  // columns of one unit of work in a sum

/// Elements are moved, not computed with: only their width matters.
template <class F>
void visit_width(int64_t bytes, F&& f) {
  switch (bytes) {
    case 1: f(TypeTag<uint8_t>{}); break;
    case 2: f(TypeTag<uint16_t>{}); break;
    case 4: f(TypeTag<uint32_t>{}); break;
    default: f(TypeTag<uint64_t>{}); break;
  }
}

int64_t product(const Shape& shape, int begin, int end) {
  int64_t n = 1;
  for (int i = begin; i < end; ++i) n *= shape[i];
  return n;
}

/// Where row `row` (all axes but the last) of a strided array begins.
int64_t begin_of_row(const Shape& shape, const Strides& strides, int64_t row) {
  int64_t offset = 0;
  for (int i = shape.rank() - 2; i >= 0; --i) {
    offset += row % shape[i] * strides[i];
    row /= shape[i];
  }
  return offset;
}

/// Walks the rows (all axes but the last) of an index tensor beside a tensor that it addresses
/// along `axis`: the offset of a row in that tensor leaves the addressed axis out.
class Addressed {
 public:
  Addressed(const Shape& index, const Strides& strides, int axis)
      : shape_(index), strides_(strides) {
    axis_step_ = strides_[axis];
    column_step_ = axis == index.rank() - 1 ? 0 : strides_.back();
    strides_[axis] = 0;
  }

  int64_t row_offset(int64_t row) const { return begin_of_row(shape_, strides_, row); }
  int64_t axis_step() const { return axis_step_; }
  int64_t column_step() const { return column_step_; }

 private:
  Shape shape_;
  Strides strides_;
  int64_t axis_step_, column_step_;
};

}  // namespace

void gather(Cpu, const Tensor& x, int axis, const Tensor& index, Tensor& y) {
  const Addressed at(index.shape(), x.strides(), axis);
  const int64_t columns = index.shape().back();
  if (index.numel() == 0) return;
  const auto* indices = index.data<int64_t>();
  const int64_t across = at.axis_step(), along = at.column_step();
  const int64_t step = index.strides().back();
  visit_width(size_of(x.dtype()), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* in = static_cast<const T*>(x.raw());
    T* out = static_cast<T*>(y.raw());
    parallel_for(index.numel() / columns, std::max<int64_t>(1, kGrain / columns),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t row = begin; row < end; ++row) {
                     const T* from = in + at.row_offset(row);
                     const int64_t* which =
                         indices + begin_of_row(index.shape(), index.strides(), row);
                     T* to = out + row * columns;
                     for (int64_t i = 0; i < columns; ++i) {
                       to[i] = from[which[i * step] * across + i * along];
                     }
                   }
                 });
  });
}

namespace {

/// Takes source in along `axis`: combine(y's element, source's element) is the new one.
template <class T, class F>
void scatter_by(F combine, const T* in, const Strides& strides, int axis, const Tensor& index,
                T* out, const Strides& out_strides) {
  const Shape& shape = index.shape();
  const int last = shape.rank() - 1;
  const Addressed to(shape, out_strides, axis);
  const auto* indices = index.data<int64_t>();
  const int64_t step = index.strides()[last];
  const bool whole_rows = step == 0 && to.column_step() == 1 && strides[last] == 1;
  // Two elements meet only if all their places but that along `axis` agree: the axes before it, and
  // the columns unless they are addressed themselves, can be taken in side by side.
  const int64_t columns = shape[last];
  const int64_t width = axis == last ? columns : std::min(columns, kColumns);
  const int64_t parts = (columns + width - 1) / width;
  const int64_t outer = product(shape, 0, std::min(axis, last));
  const int64_t rows = product(shape, std::min(axis, last), last);
  const auto row_part = [&](int64_t row, int64_t begin, int64_t end) {
    const T* from = in + begin_of_row(shape, strides, row);
    const int64_t* which = indices + begin_of_row(shape, index.strides(), row);
    T* results = out + to.row_offset(row);
    if (whole_rows) {
      T* ys = results + *which * to.axis_step();
      for (int64_t i = begin; i < end; ++i) ys[i] = static_cast<T>(combine(ys[i], from[i]));
      return;
    }
    for (int64_t i = begin; i < end; ++i) {
      T& y = results[which[i * step] * to.axis_step() + i * to.column_step()];
      y = static_cast<T>(combine(y, from[i * strides[last]]));
    }
  };
  parallel_for(outer * parts, std::max<int64_t>(1, kGrain / (rows * width)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t unit = begin; unit < end; ++unit) {
                   const int64_t first = unit % parts * width;
                   for (int64_t row = 0; row < rows; ++row) {
                     row_part(unit / parts * rows + row, first, std::min(columns, first + width));
                   }
                 }
               });
}

/// The larger (smaller) of a and b; NaN where either is.
template <bool largest>
struct Extreme {
  template <class T>
  T operator()(T a, T b) const {
    if (b != b) return b;
    return (largest ? b > a : b < a) ? b : a;
  }
};

}  // namespace

void scatter(Cpu, Scatter how, const Tensor& source, int axis, const Tensor& index, Tensor& y) {
  if (index.numel() == 0) return;
  const auto run = [&](auto tag, auto combine) {
    using T = typename decltype(tag)::type;
    scatter_by(combine, static_cast<const T*>(source.raw()), source.strides(), axis, index,
               static_cast<T*>(y.raw()), y.strides());
  };
  if (how == Scatter::write) {
    visit_width(size_of(y.dtype()), [&](auto tag) { run(tag, [](auto, auto b) { return b; }); });
    return;
  }
  visit_dtype(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (!std::is_class_v<T>) {
      switch (how) {
        case Scatter::multiply: run(tag, [](T a, T b) { return a * b; }); break;
        case Scatter::max: run(tag, Extreme<true>()); break;
        case Scatter::min: run(tag, Extreme<false>()); break;
        default: run(tag, [](T a, T b) { return a + b; });
      }
    }
  });
}

void take_rows(Cpu, const Tensor& x, const Tensor& index, int64_t skip, Tensor& y) {
  const int64_t rows = x.shape()[1], count = index.numel();
  const auto* indices = index.data<int64_t>();
  if (y.numel() == 0) return;
  visit_width(size_of(x.dtype()), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* in = static_cast<const T*>(x.raw());
    T* out = static_cast<T*>(y.raw());
    const int64_t inner = x.shape()[2];
    parallel_for(x.shape()[0] * count, std::max<int64_t>(1, kGrain / inner),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t row = begin; row < end; ++row) {
                     const int64_t which = indices[row % count];
                     T* to = out + row * inner;
                     const T* from = in + (row / count * rows + which) * inner;
                     if (which == skip) {
                       std::fill(to, to + inner, T{});
                     } else if (inner == 1) {
                       *to = *from;
                     } else {
                       std::memcpy(to, from, static_cast<size_t>(inner) * sizeof(T));
                     }
                   }
                 });
  });
}

void add_rows(Cpu, const Tensor& x, const Tensor& index, int64_t skip, Tensor& y) {
  if (x.numel() == 0) return;
  const int64_t outer = x.shape()[0], count = x.shape()[1], inner = x.shape()[2];
  const int64_t rows = y.shape()[1];
  const auto* indices = index.data<int64_t>();
  const int64_t width = std::min(inner, kColumns), parts = (inner + width - 1) / width;
  visit_dtype(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* in = x.data<T>();
    T* out = y.data<T>();
    parallel_for(outer * parts, std::max<int64_t>(1, kGrain / (count * width)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t unit = begin; unit < end; ++unit) {
                     const int64_t o = unit / parts, first = unit % parts * width;
                     const int64_t n = std::min(width, inner - first);
                     for (int64_t j = 0; j < count; ++j) {
                       if (indices[j] == skip) continue;
                       const T* from = in + (o * count + j) * inner + first;
                       T* to = out + (o * rows + indices[j]) * inner + first;
                       for (int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(to[i] + from[i]);
                     }
                   }
                 });
  });
}

void one_hot(Cpu, const Tensor& index, Tensor& y) {
  const auto* indices = index.data<int64_t>();
  const int64_t count = index.numel(), classes = y.shape().back();
  visit_dtype(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* out = y.data<T>();
    for (int64_t j = 0; j < count; ++j) out[j * classes + indices[j]] = static_cast<T>(1.0F);
  });
}

}  // namespace strata::kernels
