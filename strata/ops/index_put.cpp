#include "strata/ops/index_put.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/masks.h"
#include "strata/ops/views.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

enum class Negative : uint8_t { from_end, error };

/// Takes `index` along `axis` into the numbers of rows found so far.
void add_axis(const char* op, const Tensor& x, int axis, Negative negative, const Tensor& index,
              Tensor& rows) {
  const int64_t size = x.shape()[axis], low = negative == Negative::from_end ? -size : 0;
  const Tensor numbers = contiguous(cast(expand(index, rows.shape()), DType::i64));
  const auto* from = std::as_const(numbers).data<int64_t>();
  auto* to = rows.data<int64_t>();
  constexpr int64_t kGrain = 16384;  // numbers for which a second thread pays
  std::atomic<bool> sound = true;
  parallel_for(rows.numel(), kGrain, [&](int64_t begin, int64_t end) {
    bool bad = false;
    for (int64_t i = begin; i < end; ++i) {
      const int64_t value = from[i];
      if (value < low || value >= size) {
        bad = true;
        continue;
      }
      to[i] = to[i] * size + (value < 0 ? value + size : value);
    }
    if (bad) sound = false;
  });
  for (int64_t i = 0; !sound && i < rows.numel(); ++i) {
    if (from[i] >= low && from[i] < size) continue;
    throw IndexError(op, fmt::format("index {} of {} is outside of axis {} of {}", from[i],
                                     describe(index), axis, describe(x)));
  }
}

/// An index of integers for each axis of x that has one: masks are taken apart.
std::vector<Tensor> index_of_axes(const char* op, const Tensor& x,
                                  std::span<const Tensor> indices) {
  std::vector<Tensor> columns;
  for (const Tensor& index : indices) {
    if (!index.defined()) {
      columns.emplace_back();
      continue;
    }
    internal::check_same_device(op, x, index);
    if (is_integral(index.dtype())) {
      columns.push_back(index);
      continue;
    }
    if (index.dtype() != DType::boolean) {
      throw DTypeError(op, fmt::format("an index holds integers or bools, got {}", describe(index)),
                       "cast(index, DType::i64)");
    }
    const auto first = static_cast<int>(columns.size());
    bool fits = index.rank() > 0 && first + index.rank() <= x.rank();
    for (int i = 0; fits && i < index.rank(); ++i) fits = index.shape()[i] == x.shape()[first + i];
    if (!fits) {
      throw ShapeError(op, fmt::format("the mask {} does not have the sizes of {} from axis {} on",
                                       describe(index), describe(x), first));
    }
    const Tensor places = nonzero(index);
    for (int i = 0; i < index.rank(); ++i) columns.push_back(select(places, 1, i));
  }
  if (static_cast<int>(columns.size()) > x.rank()) {
    throw ShapeError(op, fmt::format("{} axes are indexed of {}", columns.size(), describe(x)));
  }
  columns.resize(static_cast<size_t>(x.rank()));
  return columns;
}

/// Where an index points in x, whose indexed axes are brought together and count as one of rows.
struct Places {
  Dims order;          // of x's axes, in which the indexed ones are neighbours
  Shape outer, inner;  // x's sizes before and behind them
  int64_t row_count = 1;
  Tensor rows;  // i64, contiguous: numbers in [0, row_count)

  Shape result() const { return joined(joined(outer, rows.shape()), inner); }
  /// [outer, rows, inner], or [outer, rows] where elements are addressed.
  Shape flat(int64_t count) const {
    Shape shape{numel(outer), count};
    if (!inner.empty()) shape.push_back(numel(inner));
    return shape;
  }
};

Places find(const char* op, const Tensor& x, const std::vector<Tensor>& columns,
            Negative negative = Negative::from_end) {
  Places p;
  Dims indexed;
  Shape shape;
  for (int i = 0; i < x.rank(); ++i) {
    const Tensor& column = columns[static_cast<size_t>(i)];
    if (!column.defined()) continue;
    shape = indexed.empty() ? column.shape() : broadcast_shapes(op, shape, column.shape());
    indexed.push_back(i);
  }
  if (indexed.empty()) throw ValueError(op, "at least one index is needed");
  const bool neighbours = indexed.back() - indexed[0] == indexed.size() - 1;
  const auto whole = [&](int axis) { return !columns[static_cast<size_t>(axis)].defined(); };
  for (int i = 0; neighbours && i < indexed[0]; ++i) {
    p.order.push_back(i);
    p.outer.push_back(x.shape()[i]);
  }
  for (const int64_t axis : indexed) p.order.push_back(axis);
  for (int i = neighbours ? static_cast<int>(indexed[0]) : 0; i < x.rank(); ++i) {
    if (!whole(i)) continue;
    p.order.push_back(i);
    p.inner.push_back(x.shape()[i]);
  }
  p.rows = zeros(shape, DType::i64, x.device());
  for (const int64_t i : indexed) {
    const auto axis = static_cast<int>(i);
    p.row_count *= x.shape()[axis];
    on_cpu(op, x,
           [&](Cpu) { add_axis(op, x, axis, negative, columns[static_cast<size_t>(i)], p.rows); });
  }
  return p;
}

bool in_order(const Dims& order) { return std::is_sorted(order.begin(), order.end()); }

Tensor take_places(const Tensor& x, const Places& p) {
  const Tensor from = reshape(in_order(p.order) ? x : permute(x, p.order), p.flat(p.row_count));
  return reshape(index_select(from, 1, reshape(p.rows, {-1})), p.result());
}

Tensor put_places(const char* op, const Tensor& x, const Places& p, const Tensor& values,
                  bool accumulate) {
  internal::check_same_device(op, x, values);
  if (x.dtype() != values.dtype()) {
    throw DTypeError(op, fmt::format("x is {}, the values are {}", describe(x), describe(values)),
                     "cast one of them");
  }
  const Shape result = p.result();
  if (broadcast_shapes(op, result, values.shape()) != result) {
    throw ShapeError(op, fmt::format("the values {} do not broadcast to {}, what is indexed of {}",
                                     describe(values), to_string(result), describe(x)));
  }
  const int64_t count = p.rows.numel();
  const Shape flat = p.flat(count);
  Shape along = Dims::filled(flat.rank(), 1);
  along[1] = count;
  const Tensor rows = expand(reshape(p.rows, along), flat);  // stays a view: one number a row
  const Tensor ordered = in_order(p.order) ? x : permute(x, p.order);
  const Tensor into = reshape(ordered, p.flat(p.row_count));
  const Tensor source = reshape(expand(values, result), flat);
  const Tensor written =
      reshape(accumulate ? scatter_add(into, 1, rows, source) : scatter(into, 1, rows, source),
              ordered.shape());
  if (in_order(p.order)) return written;
  Dims back = p.order;
  for (int i = 0; i < back.size(); ++i) back[static_cast<int>(p.order[i])] = i;
  return contiguous(permute(written, back));
}

/// The places of `index`, of rank 0 or 1, along one axis.
Places along_axis(const char* op, const Tensor& x, int axis, const Tensor& index,
                  Negative negative) {
  if (index.rank() > 1) {
    throw ShapeError(op, fmt::format("the index has rank 0 or 1, got {}", describe(index)));
  }
  internal::check_same_device(op, x, index);
  if (!is_integral(index.dtype())) {
    throw DTypeError(op, fmt::format("an index holds integers, got {}", describe(index)),
                     "cast(index, DType::i64)");
  }
  std::vector<Tensor> columns(static_cast<size_t>(x.rank()));
  columns[static_cast<size_t>(axis)] = reshape(index, {-1});
  return find(op, x, columns, negative);
}

}  // namespace

Tensor index(const Tensor& x, std::span<const Tensor> indices) {
  return take_places(x, find("index", x, index_of_axes("index", x, indices)));
}

Tensor index_put(const Tensor& x, std::span<const Tensor> indices, const Tensor& values,
                 bool accumulate) {
  const char* op = "index_put";
  return put_places(op, x, find(op, x, index_of_axes(op, x, indices)), values, accumulate);
}

Tensor take(const Tensor& x, const Tensor& index) {
  if (!is_integral(index.dtype())) {
    throw DTypeError("take", fmt::format("an index holds integers, got {}", describe(index)),
                     "masked_select() takes a mask");
  }
  const Tensor line = reshape(x, {-1});
  internal::check_same_device("take", x, index);
  return take_places(line, find("take", line, {index}));
}

Tensor take_along_dim(const Tensor& x, const Tensor& index, int axis) {
  const char* op = "take_along_dim";
  axis = normalize_axis(op, axis, x.rank());
  if (x.rank() != index.rank()) {
    throw ShapeError(op, fmt::format("the ranks of {} and of the index {} differ", describe(x),
                                     describe(index)));
  }
  if (x.rank() == 0) return gather(x, axis, index);
  Shape of_x = x.shape(), of_index = index.shape();
  of_x[axis] = of_index[axis] = 1;
  Shape shape = broadcast_shapes(op, of_x, of_index);
  shape[axis] = x.shape()[axis];
  const Tensor whole = expand(x, shape);
  shape[axis] = index.shape()[axis];
  return gather(whole, axis, expand(index, shape));
}

Tensor index_fill(const Tensor& x, int axis, const Tensor& index, Number value) {
  const char* op = "index_fill";
  axis = normalize_axis(op, axis, x.rank());
  if (x.rank() == 0) return reshape(index_fill(reshape(x, {1}), 0, index, value), {});
  const Tensor number = cast(number_tensor(value, x.dtype(), x.device()), x.dtype());
  return put_places(op, x, along_axis(op, x, axis, index, Negative::from_end), number, false);
}

Tensor index_copy(const Tensor& x, int axis, const Tensor& index, const Tensor& source) {
  const char* op = "index_copy";
  axis = normalize_axis(op, axis, x.rank());
  if (x.rank() == 0) {
    return reshape(index_copy(reshape(x, {1}), 0, index, reshape(source, {1})), {});
  }
  const Places places = along_axis(op, x, axis, index, Negative::error);
  if (source.shape() != places.result()) {
    throw ShapeError(
        op, fmt::format("index {} asks for a source of {} for x {}, got {}", describe(index),
                        to_string(places.result()), describe(x), describe(source)));
  }
  return put_places(op, x, places, source, false);
}

Tensor put(const Tensor& x, const Tensor& index, const Tensor& source, bool accumulate) {
  if (!is_integral(index.dtype())) {
    throw DTypeError("put", fmt::format("an index holds integers, got {}", describe(index)),
                     "masked_scatter() takes a mask");
  }
  if (index.numel() != source.numel()) {
    throw ShapeError("put", fmt::format("index {} asks for as many elements of source, got {}",
                                        describe(index), describe(source)));
  }
  internal::check_same_device("put", x, index);
  const Tensor line = reshape(x, {-1});
  const Places places = find("put", line, {reshape(index, {-1})});
  return reshape(put_places("put", line, places, reshape(source, {-1}), accumulate), x.shape());
}

}  // namespace strata
