#include "strata/ops/local_norm.h"

#include <algorithm>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/group_norm.h"
#include "strata/ops/pad.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"

namespace strata {
namespace {

void check_rank(const char* op, const Tensor& x) {
  internal::check_floating(op, x);
  if (x.rank() >= 3) return;
  throw ShapeError(op, fmt::format("x must be [samples, ..., channels], got {}", describe(x)));
}

/// The sum over `before` channels in front of each, itself and `after` behind it. Its way back is
/// the same with the two exchanged.
Tensor window_sum(const Tensor& x, int64_t before, int64_t after) {
  Tensor y;
  {
    const NoGrad no_grad;
    const int64_t channels = x.shape().back();
    const Tensor padded = pad(x, {{-1, before, after}});
    y = slice(padded, -1, 0, channels);
    for (int64_t i = 1; i <= before + after; ++i) y = y + slice(padded, -1, i, i + channels);
  }
  return record("local_response_norm", {x}, y,
                [=](const Tensor& dy, Needs) -> Grads { return {window_sum(dy, after, before)}; });
}

}  // namespace

Tensor instance_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  check_rank("instance_norm", x);
  const int64_t samples = x.shape()[0], channels = x.shape().back();
  if (x.numel() > 0 && x.numel() == samples * channels) {
    throw ValueError("instance_norm",
                     fmt::format("a single value a channel has no variance: {}", describe(x)));
  }
  return group_norm(x, channels, weight, bias, {.eps = eps});
}

Tensor local_response_norm(const Tensor& x, const LocalResponseNormOptions& o) {
  const char* op = "local_response_norm";
  check_rank(op, x);
  if (o.size < 1) throw ValueError(op, fmt::format("size must be at least 1, got {}", o.size));
  if (x.dtype() == DType::bf16 || x.dtype() == DType::f16) {
    return cast(local_response_norm(cast(x, DType::f32), o), x.dtype());
  }
  const int64_t most = x.shape().back();  // behind the ends there are only zeros
  const Tensor sums =
      window_sum(square(x), std::min(o.size / 2, most), std::min((o.size - 1) / 2, most));
  const double share = o.alpha / static_cast<double>(o.size);
  return x * pow(sums * share + o.k, -o.beta);
}

}  // namespace strata
