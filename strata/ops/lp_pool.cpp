#include "strata/ops/lp_pool.h"

#include "strata/base/error.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/unary.h"

namespace strata {
namespace {

void check(const char* op, double p, bool padded) {
  if (p == 0) throw ValueError(op, "the power must not be 0");
  if (padded) throw ValueError(op, "has no padding");
}

/// The root of `count` times a mean of powers. The relu cuts the infinite slope of the root at 0.
Tensor root(const Tensor& mean, double p, int64_t count) {
  const Tensor cut = sign(mean) * relu(abs(mean));
  return pow(cut * static_cast<double>(count), 1 / p);
}

}  // namespace

Tensor lp_pool1d(const Tensor& x, double p, const Pool1dOptions& options) {
  check("lp_pool1d", p, options.padding != 0);
  return root(avg_pool1d(pow(x, p), options), p, options.kernel);
}

Tensor lp_pool2d(const Tensor& x, double p, const Pool2dOptions& options) {
  check("lp_pool2d", p, options.padding != Size2(0));
  return root(avg_pool2d(pow(x, p), options), p, options.kernel.h * options.kernel.w);
}

}  // namespace strata
