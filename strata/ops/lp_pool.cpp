#include "strata/ops/lp_pool.h"

#include "strata/base/error.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/pool.h"
#include "strata/ops/pool_nd.h"
#include "strata/ops/unary.h"

namespace strata {
namespace {

void check_power(const char* op, double p) {
  if (p == 0) throw ValueError(op, "the power must not be 0");
}

/// The root of `count` times a mean of powers. The relu cuts the infinite slope of the root at 0.
Tensor root(const Tensor& mean, double p, int64_t count) {
  const Tensor cut = sign(mean) * relu(abs(mean));
  return pow(cut * static_cast<double>(count), 1 / p);
}

}  // namespace

Tensor lp_pool1d(const Tensor& x, double p, int64_t kernel, int64_t stride, bool ceil_mode) {
  check_power("lp_pool1d", p);
  const Tensor mean =
      avg_pool1d(pow(x, p), {.kernel = kernel, .stride = stride, .ceil_mode = ceil_mode});
  return root(mean, p, kernel);
}

Tensor lp_pool2d(const Tensor& x, double p, Size2 kernel, Size2 stride, bool ceil_mode) {
  check_power("lp_pool2d", p);
  const Tensor mean =
      avg_pool2d(pow(x, p), {.kernel = kernel, .stride = stride, .ceil_mode = ceil_mode});
  return root(mean, p, kernel.h * kernel.w);
}

}  // namespace strata
