#include "strata/ops/unpool.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

constexpr const char* kOp = "max_unpool2d";

/// The size of an axis of `in` windows, or the one that was asked for.
int64_t unpooled(int64_t in, int64_t kernel, int64_t stride, int64_t padding, int64_t wanted) {
  checked_numel(kOp, {in, stride});  // none of these sums can overflow then
  checked_numel(kOp, {kernel});
  const int64_t size = (in - 1) * stride - 2 * padding + kernel;
  if (wanted == 0) return size;
  if (wanted > size - stride && wanted < size + stride) return wanted;
  throw ValueError(kOp, fmt::format("the size must be between {} and {}, got {}", size - stride + 1,
                                    size + stride - 1, wanted));
}

}  // namespace

Tensor max_unpool2d(const Tensor& x, const Tensor& index, const Pool2dOptions& pool, Size2 size) {
  if (x.rank() != 4 || index.shape() != x.shape()) {
    throw ShapeError(kOp, fmt::format("x must be [N, H, W, C] and index of its shape, got {} and "
                                      "{}",
                                      describe(x), describe(index)));
  }
  const Size2 stride = internal::checked_stride(kOp, pool);
  const int64_t n = x.size(0), channels = x.size(3);
  const int64_t h = unpooled(x.size(1), pool.kernel.h, stride.h, pool.padding.h, size.h);
  const int64_t w = unpooled(x.size(2), pool.kernel.w, stride.w, pool.padding.w, size.w);
  if (h < 1 || w < 1) {
    throw ShapeError(kOp, fmt::format("x {} leaves an image of {} x {}", describe(x), h, w));
  }
  checked_numel(kOp, {n, h, w, channels});
  const Shape flat = {n, x.size(1) * x.size(2), channels};
  const Tensor image = zeros({n, h * w, channels}, x.dtype(), x.device());
  return reshape(scatter(image, 1, reshape(index, flat), reshape(x, flat)), {n, h, w, channels});
}

}  // namespace strata
