#include "strata/data/dataset.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/copy.h"

namespace strata {
namespace {

constexpr int64_t kBytesPerThread = 2 << 20;  // below, waking another thread costs more

void check_rows(const Tensor& t) {
  if (t.rank() == 0) throw ShapeError("TensorDataset", "a scalar has no rows");
}

Tensor gather_rows(const Tensor& x, std::span<const int64_t> rows) {
  Shape shape = x.shape();
  shape[0] = static_cast<int64_t>(rows.size());
  Tensor out = empty(shape, x.dtype(), kCpu, "TensorDataset");
  if (out.numel() == 0) return out;
  const int64_t bytes = out.numel() / shape[0] * size_of(x.dtype());
  const auto* from = static_cast<const char*>(x.raw());
  auto* to = static_cast<char*>(out.raw());
  parallel_for(shape[0], std::max<int64_t>(1, kBytesPerThread / bytes),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   std::memcpy(to + i * bytes, from + rows[static_cast<size_t>(i)] * bytes,
                               static_cast<size_t>(bytes));
                 }
               });
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

Batch TensorDataset::get(std::span<const int64_t> indices) const {
  for (const int64_t i : indices) {
    if (i >= 0 && i < size()) continue;
    throw IndexError("TensorDataset", fmt::format("sample {} of {}", i, size()));
  }
  return {gather_rows(x_, indices), y_.defined() ? gather_rows(y_, indices) : Tensor()};
}

}  // namespace strata
