#include "strata/data/dataset.h"

#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/gather_rows.h"
#include "strata/ops/copy.h"

namespace strata {
namespace {

void check_rows(const Tensor& t) {
  if (t.rank() == 0) throw ShapeError("TensorDataset", "a scalar has no rows");
}

Tensor rows_of(const Tensor& x, std::span<const int64_t> rows, DType dtype) {
  Shape shape = x.shape();
  shape[0] = static_cast<int64_t>(rows.size());
  Tensor out = empty(shape, dtype, kCpu, "TensorDataset");
  kernels::gather_rows(Cpu{}, x, rows, out);
  return out;
}

}  // namespace

TensorDataset::TensorDataset(Tensor x, Tensor y) {
  check_rows(x);
  if (y.defined()) {
    check_rows(y);
    if (x.size(0) != y.size(0)) {
      throw ShapeError("TensorDataset", fmt::format("x is {} and y is {}: the lengths differ",
                                                    describe(x), describe(y)));
    }
    y_ = contiguous(y.detach());
  }
  x_ = contiguous(x.detach());
}

TensorDataset TensorDataset::of_bytes(Tensor x, Tensor y) {
  if (x.dtype() != DType::u8) {
    throw DTypeError("TensorDataset", fmt::format("bytes are u8, got {}", describe(x)));
  }
  TensorDataset data(std::move(x), std::move(y));
  data.to_unit_ = true;
  return data;
}

Batch TensorDataset::get(std::span<const int64_t> indices) const {
  for (const int64_t i : indices) {
    if (i >= 0 && i < size()) continue;
    throw IndexError("TensorDataset", fmt::format("sample {} of {}", i, size()));
  }
  return {rows_of(x_, indices, to_unit_ ? DType::f32 : x_.dtype()),
          y_.defined() ? rows_of(y_, indices, y_.dtype()) : Tensor()};
}

Batch TensorDataset::all() const {
  if (!to_unit_) return {x_, y_};
  std::vector<int64_t> indices(static_cast<size_t>(size()));
  std::iota(indices.begin(), indices.end(), 0);
  return get(indices);
}

}  // namespace strata
