#include "strata/ops/unpool.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

/// A pooling along the axes between samples and channels.
struct Call {
  const char* op;
  const Tensor &x, &index;
  Dims kernel, stride, padding, size;
};

void check_shapes(const char* op, const char* layout, int axes, const Tensor& x,
                  const Tensor& index) {
  if (x.rank() == axes + 2 && index.shape() == x.shape()) return;
  throw ShapeError(op, fmt::format("x must be {} and index of its shape, got {} and {}", layout,
                                   describe(x), describe(index)));
}

/// The size of axis `i` before the pooling, or the one that was asked for.
int64_t unpooled(const Call& c, int i) {
  const int64_t in = c.x.size(i + 1), stride = c.stride[i], wanted = c.size[i];
  checked_numel(c.op, {in, stride});  // nothing can overflow then
  const int64_t size = (in - 1) * stride - 2 * c.padding[i] + c.kernel[i];
  if (wanted == 0) return size;
  if (wanted > size - stride && wanted < size + stride) return wanted;
  throw ValueError(c.op, fmt::format("the size must be between {} and {}, got {}",
                                     size - stride + 1, size + stride - 1, wanted));
}

Tensor unpool(const Call& c) {
  const int axes = c.kernel.rank();
  const int64_t n = c.x.size(0), channels = c.x.size(-1);
  Shape shape = c.x.shape();
  int64_t results = 1, places = 1;
  for (int i = 0; i < axes; ++i) {
    results *= c.x.size(i + 1);
    shape[i + 1] = unpooled(c, i);
  }
  for (int i = 1; i <= axes; ++i) {
    if (shape[i] < 1) {
      throw ShapeError(c.op,
                       fmt::format("x {} leaves a result of {}", describe(c.x), to_string(shape)));
    }
  }
  checked_numel(c.op, shape);
  for (int i = 1; i <= axes; ++i) places *= shape[i];
  const Tensor none = zeros({n, places, channels}, c.x.dtype(), c.x.device());
  const Shape flat = {n, results, channels};
  return reshape(scatter(none, 1, reshape(c.index, flat), reshape(c.x, flat)), shape);
}

}  // namespace

Tensor max_unpool1d(const Tensor& x, const Tensor& index, const Pool1dOptions& pool, int64_t size) {
  const char* op = "max_unpool1d";
  check_shapes(op, "[N, L, C]", 1, x, index);
  const int64_t stride = internal::checked_stride(op, pool);
  return unpool({op, x, index, pool.kernel, stride, pool.padding, size});
}

Tensor max_unpool2d(const Tensor& x, const Tensor& index, const Pool2dOptions& pool, Size2 size) {
  const char* op = "max_unpool2d";
  check_shapes(op, "[N, H, W, C]", 2, x, index);
  const auto dims = [](Size2 s) { return Dims{s.h, s.w}; };
  return unpool({op, x, index, dims(pool.kernel), dims(internal::checked_stride(op, pool)),
                 dims(pool.padding), dims(size)});
}

Tensor max_unpool3d(const Tensor& x, const Tensor& index, const Pool3dOptions& pool, Size3 size) {
  const char* op = "max_unpool3d";
  check_shapes(op, "[N, D, H, W, C]", 3, x, index);
  const auto dims = [](Size3 s) { return Dims{s.d, s.h, s.w}; };
  return unpool({op, x, index, dims(pool.kernel), dims(internal::checked_stride(op, pool)),
                 dims(pool.padding), dims(size)});
}

}  // namespace strata
