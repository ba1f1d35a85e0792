#include "strata/ops/margin_losses.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/distances.h"
#include "strata/ops/extremes.h"
#include "strata/ops/indexing.h"
#include "strata/ops/reduce.h"
#include "strata/ops/scans.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata {

using internal::reduced;

namespace {

/// Broadcast, ranks that differ would give the losses of all pairs.
void check_ranks(const char* op, const Tensor& a, const Tensor& b, const Tensor& c) {
  if (a.rank() == b.rank() && a.rank() == c.rank()) return;
  throw ShapeError(op, fmt::format("takes three tensors of one rank, got {}, {} and {}",
                                   describe(a), describe(b), describe(c)));
}

using Distance = std::function<Tensor(const Tensor&, const Tensor&)>;

Tensor triplet(const char* op, const Tensor& anchor, const Tensor& positive, const Tensor& negative,
               const Distance& distance, const TripletDistanceOptions& options) {
  internal::check_floating(op, anchor);
  check_ranks(op, anchor, positive, negative);
  if (!(options.margin > 0)) {
    throw ValueError(op, fmt::format("the margin must be above 0, got {}", options.margin));
  }
  Tensor apart = distance(anchor, negative);
  if (options.swap) apart = minimum(apart, distance(positive, negative));
  const Tensor losses = clamp(distance(anchor, positive) - apart + options.margin, 0);
  return reduced(losses, options.reduction);
}

/// Whether class numbers stand before the first -1 of their row. Throws IndexError for numbers that
/// are neither.
Tensor named_classes(const char* op, const Tensor& target, int64_t classes) {
  if (!target.is_meta() && target.numel() > 0) {
    const auto least = min(target).item<int64_t>(), most = max(target).item<int64_t>();
    if (least < -1 || most >= classes) {
      throw IndexError(op, fmt::format("target {} is neither -1 nor in [0, {})",
                                       least < -1 ? least : most, classes));
    }
  }
  return cumprod(cast(target != -1, DType::i64), -1);
}

}  // namespace

Tensor hinge_embedding_loss(const Tensor& x, const Tensor& sign, double margin,
                            Reduction reduction) {
  internal::check_floating("hinge_embedding_loss", x);
  const Tensor apart = where(sign != 1, clamp(margin - x, 0), 0);
  return reduced(apart + where(sign != -1, x, 0), reduction);
}

Tensor margin_ranking_loss(const Tensor& a, const Tensor& b, const Tensor& sign, double margin,
                           Reduction reduction) {
  internal::check_floating("margin_ranking_loss", a);
  check_ranks("margin_ranking_loss", a, b, sign);
  return reduced(clamp(margin - sign * (a - b), 0), reduction);
}

Tensor soft_margin_loss(const Tensor& x, const Tensor& sign, Reduction reduction) {
  internal::check_floating("soft_margin_loss", x);
  // To the last bit: log(1 + e^z) is z from 40 on.
  return reduced(softplus(-(sign * x), 1, 40), reduction);
}

Tensor cosine_embedding_loss(const Tensor& a, const Tensor& b, const Tensor& sign, double margin,
                             Reduction reduction) {
  internal::check_floating("cosine_embedding_loss", a);
  const int rank = sign.rank() + 1;
  if (rank > 2 || a.rank() != rank || b.rank() != rank) {
    throw ShapeError("cosine_embedding_loss",
                     fmt::format("takes rows [n, width] with a sign [n], or vectors with a scalar "
                                 "one, got {}, {} and {}",
                                 describe(a), describe(b), describe(sign)));
  }
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
  const Tensor& weight = options.weight;
  if (classes == 0 || (weight.defined() && weight.shape() != Shape{classes})) {
    throw ShapeError(
        "multi_margin_loss",
        classes == 0 ? fmt::format("x {} has no classes", describe(x))
                     : fmt::format("weight {} does not fit x {}", describe(weight), describe(x)));
  }
  const Tensor at = unsqueeze(target, -1);
  const Tensor own = gather(x, -1, at);
  Tensor excess = relu(x - own + options.margin);
  if (options.p == 2) excess = square(excess);
  const Tensor number = arange(static_cast<double>(classes), DType::i64, x.device());
  Tensor losses = sum(where(number == at, 0, excess), {-1}) / static_cast<double>(classes);
  if (weight.defined()) {
    const Tensor all = expand(cast(weight, x.dtype()), x.shape());
    losses = losses * squeeze(gather(all, -1, at), -1);
  }
  return reduced(losses, options.reduction);
}

Tensor multilabel_margin_loss(const Tensor& x, const Tensor& target, Reduction reduction) {
  const char* op = "multilabel_margin_loss";
  internal::check_floating(op, x);
  if (is_floating(target.dtype()) || target.dtype() == DType::boolean) {
    throw DTypeError(op, fmt::format("targets are integers, got {}", describe(target)));
  }
  if (x.rank() < 1 || x.rank() > 2 || x.shape().back() == 0 || target.shape() != x.shape()) {
    throw ShapeError(op, fmt::format("takes x and target [classes] or [n, classes], got {} and {}",
                                     describe(x), describe(target)));
  }
  internal::check_same_device(op, x, target);
  const int64_t classes = x.shape().back();
  Tensor named = named_classes(op, target, classes);
  Tensor at = where(named == 1, cast(target, DType::i64), 0);
  const Tensor own = scatter_add(zeros_like(named), -1, at, named) > 0;
  if (!x.is_meta() && x.numel() > 0) {  // not more than the most classes of a row
    const auto most = std::max<int64_t>(1, max(sum(named, {-1})).item<int64_t>());
    named = slice(named, -1, 0, most);
    at = slice(at, -1, 0, most);
  }
  const Tensor excess = relu(1 - unsqueeze(gather(x, -1, at), -1) + unsqueeze(x, -2));
  const Tensor counts = logical_and(unsqueeze(named == 1, -1), unsqueeze(own == 0, -2));
  const Tensor losses = sum(where(counts, excess, 0), {-2, -1}) / static_cast<double>(classes);
  return reduced(losses, reduction);
}

Tensor multilabel_soft_margin_loss(const Tensor& x, const Tensor& target, const Tensor& weight,
                                   Reduction reduction) {
  internal::check_floating("multilabel_soft_margin_loss", x);
  if (x.rank() == 0) throw ShapeError("multilabel_soft_margin_loss", "x needs an axis of classes");
  Tensor losses = -(target * logsigmoid(x) + (1 - target) * logsigmoid(-x));
  if (weight.defined()) losses = losses * weight;
  return reduced(sum(losses, {-1}) / static_cast<double>(x.size(-1)), reduction);
}

Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                           const TripletMarginOptions& options) {
  const auto distance = [&](const Tensor& a, const Tensor& b) {
    return pairwise_distance(a, b, options.p, options.eps);
  };
  return triplet("triplet_margin_loss", anchor, positive, negative, distance,
                 {options.margin, options.swap, options.reduction});
}

Tensor triplet_margin_with_distance_loss(const Tensor& anchor, const Tensor& positive,
                                         const Tensor& negative, const Distance& distance,
                                         const TripletDistanceOptions& options) {
  const char* op = "triplet_margin_with_distance_loss";
  if (!distance) throw ValueError(op, "the distance is an empty function");
  return triplet(op, anchor, positive, negative, distance, options);
}

}  // namespace strata
