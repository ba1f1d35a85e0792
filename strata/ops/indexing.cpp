#include "strata/ops/indexing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/copy.h"
#include "strata/kernels/indexing.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

constexpr int64_t kNone = -1;  // no index is negative: nothing to skip

bool is_half(DType t) { return t == DType::bf16 || t == DType::f16; }

[[noreturn]] void index_error(const char* op, const Tensor& index, int64_t at, int64_t value,
                              int64_t size) {
  Dims place = index.shape();
  for (int i = place.rank() - 1; i >= 0; --i) {
    const int64_t length = place[i];
    place[i] = at % length;
    at /= length;
  }
  throw IndexError(op, size == 0 ? fmt::format("index {} at {}, and nothing to choose from", value,
                                               to_string(place))
                                 : fmt::format("index {} at {} is outside of [0, {}]", value,
                                               to_string(place), size - 1));
}

/// `index` as contiguous i64, every value of which is in [0, size).
Tensor checked_index(const char* op, const Tensor& index, int64_t size) {
  if (!is_integral(index.dtype())) {
    throw DTypeError(op, fmt::format("an index holds integers, got {}", describe(index)),
                     "cast(index, DType::i64)");
  }
  Tensor checked = contiguous(cast(index, DType::i64));
  if (checked.is_meta()) return checked;
  const auto* values = std::as_const(checked).data<int64_t>();
  const int64_t n = checked.numel();
  bool bad = false;
  for (int64_t i = 0; i < n; ++i) {
    bad |= static_cast<uint64_t>(values[i]) >= static_cast<uint64_t>(size);
  }
  for (int64_t i = 0; bad && i < n; ++i) {
    if (values[i] < 0 || values[i] >= size) index_error(op, checked, i, values[i], size);
  }
  return checked;
}

/// The same for gather and scatter. Where `index` was expanded it stays so: what is repeated is
/// checked, converted and held once.
Tensor checked_places(const char* op, const Tensor& index, int64_t size) {
  Shape once = index.shape();
  for (int i = 0; i < index.rank(); ++i) {
    if (index.strides()[i] == 0 && once[i] > 1) once[i] = 1;
  }
  const Tensor part = index.as_strided(once, index.strides(), index.offset());
  return expand(checked_index(op, part, size), index.shape());
}

/// Throws unless `index` has x's rank and is nowhere larger than x but along `axis`.
void check_index_shape(const char* op, const Tensor& x, int axis, const Tensor& index) {
  internal::check_same_device(op, x, index);
  bool fits = index.rank() == x.rank();
  for (int i = 0; fits && i < x.rank(); ++i) {
    fits = i == axis || index.shape()[i] <= x.shape()[i];
  }
  if (fits) return;
  throw ShapeError(
      op,
      fmt::format("index {} does not address {} along axis {}", describe(index), describe(x), axis),
      "equal ranks, and sizes no larger than x's along the other axes");
}

/// The part of x that an index of that shape reads: its leading elements along every axis.
Tensor leading(const Tensor& x, const Shape& shape) {
  Tensor part = x;
  for (int i = 0; i < shape.rank(); ++i) {
    if (part.shape()[i] != shape[i]) part = slice(part, i, 0, shape[i]);
  }
  return part;
}

Tensor gather_checked(const Tensor& x, int axis, const Tensor& index);

/// Adds `source`, of index's shape, to `y`, whose memory nobody else sees yet.
Tensor scatter_onto(const Tensor& x, Tensor y, int axis, const Tensor& index,
                    const Tensor& source) {
  on_cpu("scatter_add", y,
         [&](Cpu cpu) { kernels::scatter(cpu, kernels::Scatter::add, source, axis, index, y); });
  return record("scatter_add", {x, source}, y,
                [axis, index = save(index)](const Tensor& dy, Needs needs) -> Grads {
                  return {needs[0] ? dy : Tensor(),
                          needs[1] ? gather_checked(dy, axis, index.get()) : Tensor()};
                });
}

/// The way back of gather: zeros of `shape` with dy added along `axis`.
Tensor scatter_zeros(const Tensor& dy, const Shape& shape, int axis, const Tensor& index) {
  if (is_half(dy.dtype())) {
    return cast(scatter_zeros(cast(dy, DType::f32), shape, axis, index), dy.dtype());
  }
  return scatter_onto(Tensor(), zeros(shape, dy.dtype(), dy.device()), axis, index, dy);
}

Tensor gather_checked(const Tensor& x, int axis, const Tensor& index) {
  Tensor y = empty(index.shape(), x.dtype(), x.device(), "gather");
  on_cpu("gather", x, [&](Cpu cpu) { kernels::gather(cpu, x, axis, index, y); });
  return record("gather", {x}, y,
                [axis, shape = x.shape(), index = save(index)](const Tensor& dy, Needs) -> Grads {
                  return {scatter_zeros(dy, shape, axis, index.get())};
                });
}

/// x as [outer, size of axis, inner].
Shape around(const Shape& shape, int axis) {
  Shape three{1, shape[axis], 1};
  for (int i = 0; i < axis; ++i) three[0] *= shape[i];
  for (int i = axis + 1; i < shape.rank(); ++i) three[2] *= shape[i];
  return three;
}

Tensor add_rows(const char* op, const Tensor& x, const Tensor& index, int64_t rows, int64_t skip);

/// Rows of x [outer, rows, inner] by number; zeros where the number is `skip`. The opposite of
/// add_rows, and each is the other's gradient.
Tensor take_rows(const char* op, const Tensor& x, const Tensor& index, int64_t skip,
                 int64_t skip_back) {
  Tensor y = empty({x.shape()[0], index.numel(), x.shape()[2]}, x.dtype(), x.device(), op);
  const Tensor source = contiguous(x.detach());
  on_cpu(op, x, [&](Cpu cpu) { kernels::take_rows(cpu, source, index, skip, y); });
  return record(op, {x}, y,
                [=, rows = x.shape()[1], index = save(index)](const Tensor& dy, Needs) -> Grads {
                  return {add_rows(op, dy, index.get(), rows, skip_back)};
                });
}

/// [outer, rows, inner] with row j of x added to row index[j], unless that is `skip`.
Tensor add_rows(const char* op, const Tensor& x, const Tensor& index, int64_t rows, int64_t skip) {
  if (is_half(x.dtype())) {
    return cast(add_rows(op, cast(x, DType::f32), index, rows, skip), x.dtype());
  }
  Tensor y = zeros({x.shape()[0], rows, x.shape()[2]}, x.dtype(), x.device());
  const Tensor source = contiguous(x.detach());
  on_cpu(op, x, [&](Cpu cpu) { kernels::add_rows(cpu, source, index, skip, y); });
  return record(op, {x}, y, [=, index = save(index)](const Tensor& dy, Needs) -> Grads {
    return {take_rows(op, dy, index.get(), skip, skip)};
  });
}

void check_dtypes(const char* op, const Tensor& x, const Tensor& source) {
  if (x.dtype() == source.dtype()) return;
  throw DTypeError(op, fmt::format("x is {}, source is {}", describe(x), describe(source)),
                   "cast one of them");
}

/// What all scatters ask for; returns the axis.
int check_scatter(const char* op, const Tensor& x, int axis, const Tensor& index,
                  const Tensor& source) {
  axis = normalize_axis(op, axis, x.rank());
  check_index_shape(op, x, axis, index);
  check_index_shape(op, source, -1, index);
  check_dtypes(op, x, source);
  return axis;
}

/// A copy of x with `source`, of index's shape, taken in.
Tensor scattered(const char* op, kernels::Scatter how, const Tensor& x, int axis,
                 const Tensor& index, const Tensor& source) {
  Tensor y = copy(x.detach());
  on_cpu(op, y, [&](Cpu cpu) { kernels::scatter(cpu, how, source, axis, index, y); });
  return y;
}

Tensor scatter_over(const Tensor& x, int axis, const Tensor& index, const Tensor& source) {
  return record("scatter", {x, source},
                scattered("scatter", kernels::Scatter::write, x, axis, index, source),
                [axis, index = save(index)](const Tensor& dy, Needs needs) -> Grads {
                  return {needs[0] ? scatter(dy, axis, index.get(), 0) : Tensor(),
                          needs[1] ? gather_checked(dy, axis, index.get()) : Tensor()};
                });
}

/// What changes nothing under a reduction.
Number neutral(ScatterReduce reduce, DType dtype) {
  const bool largest = reduce == ScatterReduce::amax;
  if (reduce == ScatterReduce::prod) return 1;
  if (!largest && reduce != ScatterReduce::amin) return 0;
  if (is_floating(dtype)) return largest ? -HUGE_VAL : HUGE_VAL;
  if (dtype == DType::boolean) return !largest;
  return visit_dtype(dtype, [&](auto tag) -> Number {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>) {
      return largest ? std::numeric_limits<T>::min() : std::numeric_limits<T>::max();
    }
    return 0;
  });
}

Tensor scatter_mean(const Tensor& x, const Tensor& base, int axis, const Tensor& index,
                    const Tensor& source, bool include_self) {
  if (!is_floating(x.dtype())) {
    throw DTypeError("scatter_reduce", fmt::format("no mean of integers, {}", describe(x)),
                     "cast(x, DType::f32)");
  }
  const Tensor one = ones({}, x.dtype(), x.device());
  const Tensor start = include_self ? ones_like(x) : zeros_like(x);
  const Tensor count = scatter_add(start, axis, index, expand(one, index.shape()));
  return scatter_add(base, axis, index, source) / maximum(count, 1);
}

/// The way back divides by the factors. It is right to any order where at most one factor of each
/// place is 0.
Tensor scatter_product(const Tensor& x, int axis, const Tensor& index, const Tensor& source) {
  Tensor y = scattered("scatter_reduce", kernels::Scatter::multiply, x, axis, index, source);
  return record(
      "scatter_reduce", {x, source}, y,
      [axis, index = save(index), x = save(x), source = save(source), y = save_output(y)](
          const Tensor& dy, Needs needs) -> Grads {
        const Tensor from = x.get(), s = source.get(), at = index.get();
        Grads grads(2);
        if (needs[0]) {
          const Tensor whole = masked_fill(from, from == 0, 1);
          grads[0] = dy * scatter_product(whole, axis, at, s) / whole;
        }
        if (needs[1]) {
          const Tensor zero = s == 0;
          const Tensor zeros_there = gather_checked(
              scatter_zeros(cast(zero, s.dtype()), from.shape(), axis, at), axis, at);
          const Tensor only_zero = logical_and(zero, zeros_there == 1);
          const Tensor others = scatter_product(from, axis, at, masked_fill(s, only_zero, 1));
          grads[1] = where(only_zero, gather_checked(dy * others, axis, at),
                           gather_checked(dy * y.get(), axis, at) / masked_fill(s, zero, 1));
        }
        return grads;
      });
}

/// The first zero of each place where `zero` says that there are any: true at one element of those
/// that `index` sends there.
Tensor first_zeros(const Tensor& zero, const Shape& shape, int axis, const Tensor& index) {
  const Tensor number = reshape(
      arange(static_cast<double>(zero.numel()), 0, -1, DType::i64, zero.device()), zero.shape());
  const Tensor wanted = where(zero, number, 0);
  const Tensor first = scattered("scatter_reduce", kernels::Scatter::max,
                                 zeros(shape, DType::i64, zero.device()), axis, index, wanted);
  return logical_and(zero, gather_checked(first, axis, index) == number);
}

/// The same where places have several zeros: two of them are multiplied to x one by one, so that
/// second and third derivatives know them. Zeros first: the rest alone could overflow.
Tensor scatter_product_of_zeros(const Tensor& x, int axis, const Tensor& index,
                                const Tensor& source) {
  const bool recorded = grad_enabled() && (x.requires_grad() || source.requires_grad());
  if (!recorded || x.is_meta()) return scatter_product(x, axis, index, source);
  constexpr int kApart = 2;
  Tensor start = x, rest = source, zero = source.detach() == 0;
  for (int i = 0; i < kApart && any(zero).item<bool>(); ++i) {
    const Tensor first = first_zeros(zero, x.shape(), axis, index);
    zero = logical_and(zero, logical_not(first));
    if (!any(zero).item<bool>()) break;
    start = start * scatter_product(ones_like(x), axis, index, where(first, source, 1));
    rest = where(first, 1, rest);
  }
  return scatter_product(start, axis, index, rest);
}

Tensor scatter_extreme(bool largest, const Tensor& x, int axis, const Tensor& index,
                       const Tensor& source) {
  const auto how = largest ? kernels::Scatter::max : kernels::Scatter::min;
  Tensor y = scattered("scatter_reduce", how, x, axis, index, source);
  return record("scatter_reduce", {x, source}, y,
                [axis, index = save(index), x = save(x), source = save(source), y = save_output(y)](
                    const Tensor& dy, Needs needs) -> Grads {
                  const Tensor best = y.get(), at = index.get();
                  const Tensor mine = x.get() == best,
                               theirs = source.get() == gather_checked(best, axis, at);
                  const DType t = dy.dtype();
                  const Tensor share = dy / scatter_add(cast(mine, t), axis, at, cast(theirs, t));
                  return {needs[0] ? where(mine, share, 0) : Tensor(),
                          needs[1] ? where(theirs, gather_checked(share, axis, at), 0) : Tensor()};
                });
}

}  // namespace

Tensor gather(const Tensor& x, int axis, const Tensor& index) {
  axis = normalize_axis("gather", axis, x.rank());
  check_index_shape("gather", x, axis, index);
  if (x.rank() == 0) return reshape(gather(reshape(x, {1}), 0, reshape(index, {1})), {});
  return gather_checked(x, axis, checked_places("gather", index, x.shape()[axis]));
}

Tensor scatter_add(const Tensor& x, int axis, const Tensor& index, const Tensor& source) {
  axis = check_scatter("scatter_add", x, axis, index, source);
  if (x.rank() == 0) {
    return reshape(scatter_add(reshape(x, {1}), 0, reshape(index, {1}), reshape(source, {1})), {});
  }
  if (is_half(x.dtype())) {
    return cast(scatter_add(cast(x, DType::f32), axis, index, cast(source, DType::f32)), x.dtype());
  }
  const Tensor numbers = checked_places("scatter_add", index, x.shape()[axis]);
  return scatter_onto(x, copy(x.detach()), axis, numbers, leading(source, index.shape()));
}

Tensor scatter(const Tensor& x, int axis, const Tensor& index, const Tensor& source) {
  axis = check_scatter("scatter", x, axis, index, source);
  if (x.rank() == 0) {
    return reshape(scatter(reshape(x, {1}), 0, reshape(index, {1}), reshape(source, {1})), {});
  }
  const Tensor numbers = checked_places("scatter", index, x.shape()[axis]);
  return scatter_over(x, axis, numbers, leading(source, index.shape()));
}

Tensor scatter(const Tensor& x, int axis, const Tensor& index, Number value) {
  const Tensor number = cast(number_tensor(value, x.dtype(), x.device()), x.dtype());
  return scatter(x, axis, index, expand(number, index.shape()));
}

Tensor scatter_reduce(const Tensor& x, int axis, const Tensor& index, const Tensor& source,
                      ScatterReduce reduce, bool include_self) {
  const char* op = "scatter_reduce";
  axis = check_scatter(op, x, axis, index, source);
  if (x.rank() == 0) {
    return reshape(scatter_reduce(reshape(x, {1}), 0, reshape(index, {1}), reshape(source, {1}),
                                  reduce, include_self),
                   {});
  }
  if (is_half(x.dtype())) {
    return cast(scatter_reduce(cast(x, DType::f32), axis, index, cast(source, DType::f32), reduce,
                               include_self),
                x.dtype());
  }
  const Tensor numbers = checked_places(op, index, x.shape()[axis]);
  const Tensor part = leading(source, index.shape());
  const Tensor base = include_self ? x : scatter(x, axis, numbers, neutral(reduce, x.dtype()));
  switch (reduce) {
    case ScatterReduce::mean: return scatter_mean(x, base, axis, numbers, part, include_self);
    case ScatterReduce::prod: return scatter_product_of_zeros(base, axis, numbers, part);
    case ScatterReduce::amax: return scatter_extreme(true, base, axis, numbers, part);
    case ScatterReduce::amin: return scatter_extreme(false, base, axis, numbers, part);
    case ScatterReduce::sum: break;
  }
  return scatter_add(base, axis, numbers, part);
}

Tensor index_add(const Tensor& x, int axis, const Tensor& index, const Tensor& source,
                 Number alpha) {
  const char* op = "index_add";
  axis = normalize_axis(op, axis, x.rank());
  internal::check_same_device(op, x, index);
  internal::check_same_device(op, x, source);
  if (x.rank() == 0) {
    return reshape(index_add(reshape(x, {1}), 0, index, reshape(source, {1}), alpha), {});
  }
  Shape wanted = x.shape();
  wanted[axis] = index.numel();
  if (index.rank() > 1 || source.shape() != wanted) {
    throw ShapeError(
        op, fmt::format("index {} asks for a source of {} for x {}, got {}", describe(index),
                        to_string(wanted), describe(x), describe(source)));
  }
  check_dtypes(op, x, source);
  if (is_floating(alpha.dtype()) && !is_floating(x.dtype())) {
    throw DTypeError(op, fmt::format("alpha is {} beside integers {}", alpha.real(), describe(x)));
  }
  const Tensor numbers = checked_index(op, index, x.shape()[axis]);
  const Tensor rows =
      add_rows(op, reshape(source, around(wanted, axis)), numbers, x.shape()[axis], kNone);
  const Tensor all = reshape(rows, x.shape());
  return x + (alpha.real() == 1 ? all : all * alpha);
}

Tensor index_select(const Tensor& x, int axis, const Tensor& index) {
  axis = normalize_axis("index_select", axis, x.rank());
  internal::check_same_device("index_select", x, index);
  if (index.rank() > 1) {
    throw ShapeError("index_select",
                     fmt::format("the index has rank 0 or 1, got {}", describe(index)),
                     "gather() takes an index of x's rank");
  }
  if (x.rank() == 0) return reshape(index_select(reshape(x, {1}), 0, index), {});
  const Tensor numbers = checked_index("index_select", index, x.shape()[axis]);
  Shape shape = x.shape();
  const Tensor rows = reshape(x, around(shape, axis));
  shape[axis] = index.numel();
  return reshape(take_rows("index_select", rows, numbers, kNone, kNone), shape);
}

Tensor embedding(const Tensor& weight, const Tensor& index, std::optional<int64_t> padding_idx) {
  if (weight.rank() != 2) {
    throw ShapeError("embedding", fmt::format("weight is [rows, width], got {}", describe(weight)));
  }
  internal::check_same_device("embedding", weight, index);
  const int64_t rows = weight.shape()[0], width = weight.shape()[1];
  int64_t padding = kNone;
  if (padding_idx) {
    padding = *padding_idx < 0 ? *padding_idx + rows : *padding_idx;
    if (padding < 0 || padding >= rows) {
      throw ValueError("embedding", fmt::format("padding_idx {} is outside of weight {}",
                                                *padding_idx, describe(weight)));
    }
  }
  const Tensor numbers = checked_index("embedding", index, rows);
  Shape shape = index.shape();
  shape.push_back(width);
  return reshape(take_rows("embedding", reshape(weight, {1, rows, width}), numbers, kNone, padding),
                 shape);
}

Tensor one_hot(const Tensor& index, int64_t classes, DType dtype) {
  if (classes < -1) {
    throw ValueError("one_hot", fmt::format("classes must be -1 or more, got {}", classes));
  }
  if (classes == -1) {
    if (index.numel() == 0 || index.is_meta()) {
      throw ValueError(
          "one_hot", fmt::format("the number of classes does not follow from {}", describe(index)),
          "pass classes");
    }
    const auto values = index.to_vector<int64_t>();
    classes = std::max<int64_t>(1, *std::max_element(values.begin(), values.end()) + 1);
  }
  const Tensor numbers = checked_index("one_hot", index, classes);
  Shape shape = index.shape();
  shape.push_back(classes);
  Tensor y = zeros(shape, dtype, index.device());
  on_cpu("one_hot", y, [&](Cpu cpu) { kernels::one_hot(cpu, numbers, y); });
  return y;
}

Tensor flip(const Tensor& x, const Dims& axes) {
  Strides strides = x.strides();
  int64_t offset = x.offset();
  Dims turned = Dims::filled(x.rank(), 0);
  for (int64_t axis : axes) {
    const int i = normalize_axis("flip", axis, x.rank());
    if (x.rank() == 0) continue;
    if (turned[i]++) throw ValueError("flip", fmt::format("axis {} is named twice", axis));
    offset += std::max<int64_t>(x.shape()[i] - 1, 0) * strides[i];
    strides[i] = -strides[i];
  }
  Tensor y = empty_like(x);
  on_cpu("flip", x,
         [&](Cpu cpu) { kernels::copy(cpu, x.as_strided(x.shape(), strides, offset), y); });
  return record("flip", {x}, y,
                [axes](const Tensor& dy, Needs) -> Grads { return {flip(dy, axes)}; });
}

}  // namespace strata
