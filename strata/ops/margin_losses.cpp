#include "strata/ops/margin_losses.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/distances.h"
#include "strata/ops/indexing.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata {

using internal::reduced;

Tensor hinge_embedding_loss(const Tensor& x, const Tensor& sign, double margin,
                            Reduction reduction) {
  internal::check_floating("hinge_embedding_loss", x);
  const Tensor apart = where(sign != 1, clamp(margin - x, 0), 0);
  return reduced(apart + where(sign != -1, x, 0), reduction);
}

Tensor margin_ranking_loss(const Tensor& a, const Tensor& b, const Tensor& sign, double margin,
                           Reduction reduction) {
  internal::check_floating("margin_ranking_loss", a);
  return reduced(clamp(margin - sign * (a - b), 0), reduction);
}

Tensor cosine_embedding_loss(const Tensor& a, const Tensor& b, const Tensor& sign, double margin,
                             Reduction reduction) {
  internal::check_floating("cosine_embedding_loss", a);
  if (a.dtype() == DType::f16 && b.dtype() == DType::f16) {  // squares leave its range
    const Tensor wide_a = cast(a, DType::f32), wide_b = cast(b, DType::f32);
    return cast(cosine_embedding_loss(wide_a, wide_b, sign, margin, reduction), DType::f16);
  }
  constexpr double kEps = 1e-12;
  const Tensor lengths = (sum(square(a), {-1}) + kEps) * (sum(square(b), {-1}) + kEps);
  const Tensor cosine = sum(a * b, {-1}) / sqrt(lengths);
  const Tensor apart = where(sign == -1, clamp(cosine - margin, 0), 0);
  return reduced(where(sign == 1, 1 - cosine, 0) + apart, reduction);
}

Tensor multi_margin_loss(const Tensor& x, const Tensor& target, const MultiMarginOptions& options) {
  internal::check_floating("multi_margin_loss", x);
  if (options.p != 1 && options.p != 2) {
    throw ValueError("multi_margin_loss", fmt::format("p must be 1 or 2, got {}", options.p));
  }
  Shape rows = x.shape();
  if (x.rank() > 0) rows.erase(rows.rank() - 1);
  if (x.rank() == 0 || target.shape() != rows) {
    throw ShapeError("multi_margin_loss",
                     fmt::format("target {} does not fit x {}", describe(target), describe(x)));
  }
  const int64_t classes = x.shape().back();
  const Tensor at = unsqueeze(target, -1);
  const Tensor own = gather(x, -1, at);
  Tensor excess = relu(x - own + options.margin);
  if (options.p == 2) excess = square(excess);
  const Tensor number = arange(0, static_cast<double>(classes), 1, DType::i64, x.device());
  Tensor losses = sum(where(number == at, 0, excess), {-1}) / static_cast<double>(classes);
  if (options.weight.defined()) {
    const Tensor all = expand(cast(options.weight, x.dtype()), x.shape());
    losses = losses * squeeze(gather(all, -1, at), -1);
  }
  return reduced(losses, options.reduction);
}

Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                           const TripletMarginOptions& options) {
  internal::check_floating("triplet_margin_loss", anchor);
  const auto distance = [&](const Tensor& a, const Tensor& b) {
    return pairwise_distance(a, b, options.p, options.eps);
  };
  Tensor apart = distance(anchor, negative);
  if (options.swap) apart = minimum(apart, distance(positive, negative));
  const Tensor losses = clamp(distance(anchor, positive) - apart + options.margin, 0);
  return reduced(losses, options.reduction);
}

}  // namespace strata
