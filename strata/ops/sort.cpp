#include "strata/ops/sort.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/sort.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/index_put.h"
#include "strata/ops/indexing.h"
#include "strata/ops/joining.h"
#include "strata/ops/masks.h"
#include "strata/ops/operand.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

Tensor order_of(const char* op, const Tensor& x, int axis, bool descending) {
  axis = normalize_axis(op, axis, x.rank());
  Tensor order = empty(x.shape(), DType::i64, x.device(), op);
  if (x.rank() == 0) {
    on_cpu(op, x, [&](Cpu) { *order.data<int64_t>() = 0; });
    return order;
  }
  on_cpu(op, x, [&](Cpu cpu) { kernels::argsort(cpu, descending, x, axis, order); });
  return order;
}

Tensor search(const char* op, const Tensor& sorted, const Tensor& values, bool right) {
  internal::check_same_device(op, sorted, values);
  if (sorted.dtype() != values.dtype()) {
    throw DTypeError(op, fmt::format("{} among {}", describe(values), describe(sorted)),
                     "cast one of them");
  }
  bool fits = sorted.rank() == 1 || (sorted.rank() > 1 && sorted.rank() == values.rank());
  for (int i = 0; fits && i < sorted.rank() - 1; ++i) {
    fits = sorted.shape()[i] == values.shape()[i];
  }
  if (!fits) {
    throw ShapeError(op, fmt::format("{} has neither one row nor one for each of {}",
                                     describe(sorted), describe(values)));
  }
  const DType t = values.dtype() == DType::f64  ? DType::f64
                  : is_floating(values.dtype()) ? DType::f32
                                                : DType::i64;
  const Tensor numbers = contiguous(cast(sorted.detach(), t));
  const Tensor wanted = contiguous(cast(values.detach(), t));
  Tensor y = empty(values.shape(), DType::i64, values.device(), op);
  on_cpu(op, y, [&](Cpu cpu) { kernels::searchsorted(cpu, right, numbers, wanted, y); });
  return y;
}

/// A dtype that holds all values of `t` and keeps their order.
DType compared_as(DType t) { return is_floating(t) ? DType::f64 : DType::i64; }

template <class T>
bool nan_last(T a, T b) {
  return a < b || (b != b && a == a);
}

/// The different ones among slices, in their order: where each first stands, how often it does, and
/// for every slice which of them it is.
struct Slices {
  std::vector<int64_t> first, counts, number;
};

/// `rows` holds a slice of T in each row.
template <class T>
Slices compare_slices(const Tensor& rows) {
  const int64_t count = rows.size(0), width = count ? rows.numel() / count : 0;
  const auto row = [&](int64_t i) { return rows.data<T>() + i * width; };
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return std::lexicographical_compare(row(a), row(a) + width, row(b), row(b) + width,
                                        nan_last<T>);
  });
  Slices s{.first = {}, .counts = {}, .number = std::vector<int64_t>(order.size())};
  for (size_t i = 0; i < order.size(); ++i) {
    const T* now = row(order[i]);
    if (i == 0 || !std::equal(now, now + width, row(order[i - 1]))) {
      s.first.push_back(order[i]);
      s.counts.push_back(0);
    }
    ++s.counts.back();
    s.number[static_cast<size_t>(order[i])] = static_cast<int64_t>(s.counts.size()) - 1;
  }
  return s;
}

/// The slices of x along `axis` as the first one.
Tensor slices_of(const char* op, const Tensor& x, int axis) {
  if (x.size(axis) > 0 && x.numel() == 0) {
    throw ShapeError(op, fmt::format("{} has no elements along the other axes", describe(x)));
  }
  return movedim(x.detach(), axis, 0);
}

/// The runs of slices of x along `axis`, which are rows[0], rows[1], ...
Unique runs(const Tensor& x, int axis, const Tensor& rows) {
  const int64_t n = rows.size(0);
  if (n == 0) return {x, empty({0}, DType::i64), empty({0}, DType::i64)};
  Tensor changes = ne(slice(rows, 0, 1), slice(rows, 0, 0, n - 1));
  if (n > 1 && rows.rank() > 1) changes = any(flatten(changes, 1), 1);
  changes = reshape(changes, {n - 1});
  const Tensor begins = reshape(nonzero(concat({ones({1}, DType::boolean), changes})), {-1});
  const Tensor ends = concat({slice(begins, 0, 1), tensor({n})});
  return {index_select(x, axis, begins), concat({zeros({1}, DType::i64), cumsum(changes, 0)}),
          ends - begins};
}

}  // namespace

Sorted sort(const Tensor& x, int axis, bool descending) {
  const Tensor order = order_of("sort", x, axis, descending);
  return {gather(x, axis, order), order};
}

Tensor argsort(const Tensor& x, int axis, bool descending) {
  return order_of("argsort", x, axis, descending);
}

Unique unique(const Tensor& x) {
  if (x.is_meta()) throw DeviceError("unique", "the shape depends on values, which meta lacks");
  const NoGrad no_grad;
  const Sorted all = sort(flatten(x));
  const int64_t n = x.numel();
  if (n == 0) {
    return {all.values, empty(x.shape(), DType::i64), empty({0}, DType::i64)};
  }
  // The number of the value that each sorted element has: one more wherever it changes.
  const Tensor changes = ne(slice(all.values, 0, 1), slice(all.values, 0, 0, n - 1));
  const Tensor number = concat({zeros({1}, DType::i64), cumsum(changes, 0)});
  const int64_t count = select(number, 0, -1).item<int64_t>() + 1;
  const Tensor none = zeros({count}, DType::i64);
  return {scatter(zeros({count}, x.dtype()), 0, number, all.values),
          reshape(scatter(zeros({n}, DType::i64), 0, all.indices, number), x.shape()),
          scatter_add(none, 0, number, ones({n}, DType::i64))};
}

Unique unique(const Tensor& x, int axis) {
  axis = normalize_axis("unique", axis, x.rank());
  if (x.is_meta()) throw DeviceError("unique", "the shape depends on values, which meta lacks");
  if (x.rank() == 0) return unique(reshape(x, {1}), 0);
  const NoGrad no_grad;
  const int64_t count = x.size(axis);
  const Tensor rows = contiguous(cast(slices_of("unique", x, axis), compared_as(x.dtype())));
  const Slices s =
      is_floating(x.dtype()) ? compare_slices<double>(rows) : compare_slices<int64_t>(rows);
  const auto different = static_cast<int64_t>(s.first.size());
  return {index_select(x.detach(), axis, tensor(s.first, {different})), tensor(s.number, {count}),
          tensor(s.counts, {different})};
}

Unique unique_consecutive(const Tensor& x) {
  if (x.is_meta()) {
    throw DeviceError("unique_consecutive", "the shape depends on values, which meta lacks");
  }
  const NoGrad no_grad;
  const Tensor line = flatten(x.detach());
  Unique u = runs(line, 0, line);
  u.inverse = reshape(u.inverse, x.shape());
  return u;
}

Unique unique_consecutive(const Tensor& x, int axis) {
  const char* op = "unique_consecutive";
  axis = normalize_axis(op, axis, x.rank());
  if (x.is_meta()) throw DeviceError(op, "the shape depends on values, which meta lacks");
  if (x.rank() == 0) return unique_consecutive(reshape(x, {1}), 0);
  const NoGrad no_grad;
  return runs(x.detach(), axis, slices_of(op, x, axis));
}

Tensor isin(const Tensor& x, const Tensor& values, bool invert) {
  internal::check_same_device("isin", x, values);
  const NoGrad no_grad;
  const DType t = result_type(x, values);
  const Tensor wanted = cast(x.detach(), t);
  if (values.numel() == 0) return full(x.shape(), invert ? 1 : 0, DType::boolean, x.device());
  const Tensor all = sort(reshape(cast(values.detach(), t), {-1})).values;
  const Tensor at = clamp(searchsorted(all, wanted), 0, values.numel() - 1);
  const Tensor found = take(all, at);
  return invert ? ne(found, wanted) : eq(found, wanted);
}

Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right) {
  return search("searchsorted", sorted, values, right);
}

Tensor bucketize(const Tensor& x, const Tensor& boundaries, bool right) {
  if (boundaries.rank() != 1) {
    throw ShapeError("bucketize", fmt::format("boundaries must be one-dimensional, got {}",
                                              describe(boundaries)));
  }
  return search("bucketize", boundaries, x, right);
}

}  // namespace strata
