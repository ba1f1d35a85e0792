#include "strata/ops/distances.h"

#include <limits>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/distances.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void check_power(const char* op, double p) {
  if (!(p >= 0)) throw ValueError(op, fmt::format("p must not be negative, got {}", p));
}

/// What the slopes of the differences in one distance are to be multiplied by.
Tensor slope_weights(const Tensor& dy, const Tensor& y, double p) {
  if (p == 1 || p == kInfinity) return dy;
  const Tensor zero = y == 0, whole = where(zero, 1, y);
  return where(zero, 0, p == 2 ? dy / whole : dy * pow(whole, 1 - p));
}

/// The gradient of distances [...] by the differences [..., width] themselves: it can be
/// differentiated again.
Tensor slopes(const Tensor& difference, const Tensor& weights, const Tensor& y, double p) {
  const Tensor w = unsqueeze(weights, -1);
  if (p == 2) return difference * w;
  const Tensor direction = where(isnan(difference), difference, sign(difference));
  if (p == 1) return direction * w;
  if (p == kInfinity) {
    const Tensor norms = unsqueeze(y, -1);
    return where(isnan(norms), norms, where(abs(difference) == norms, direction * w, 0));
  }
  const Tensor zero = difference == 0;
  const Tensor slope = direction * pow(where(zero, 1, abs(difference)), p - 1) * w;
  return p < 1 ? where(zero, 0, slope) : slope;
}

/// The gradient of a; that of b is the one of a with the two exchanged.
Tensor rows_gradient(const Tensor& a, const Tensor& b, double p, const Tensor& weights,
                     const Tensor& y) {
  if (p == 0 || y.numel() == 0 || a.numel() == 0) return zeros_like(a);
  Tensor da = empty_like(a, "cdist");
  const Tensor w = contiguous(weights), norms = contiguous(y);
  on_cpu("cdist", a, [&](Cpu cpu) { kernels::cdist_back(cpu, a, b, p, w, norms, da); });
  return da;
}

/// a [outer, m, width] and b [outer, n, width], contiguous, of f32 or f64.
Tensor distances(const Tensor& a, const Tensor& b, double p) {
  Tensor y = empty({a.size(0), a.size(1), b.size(1)}, a.dtype(), a.device(), "cdist");
  if (y.numel() > 0) on_cpu("cdist", a, [&](Cpu cpu) { kernels::cdist(cpu, a, b, p, y); });
  return record(
      "cdist", {a, b}, y,
      [a = save(a), b = save(b), y = save_output(y), p](const Tensor& dy, Needs needs) -> Grads {
        const Tensor from = a.get(), to = b.get(), norms = y.get();
        const Tensor weights = slope_weights(dy, norms, p);
        Grads grads(2);
        if (grad_enabled() && p != 0) {
          const Tensor slope = slopes(unsqueeze(from, -2) - unsqueeze(to, -3), weights, norms, p);
          if (needs[0]) grads[0] = sum(slope, {-2});
          if (needs[1]) grads[1] = -sum(slope, {-3});
          return grads;
        }
        if (needs[0]) grads[0] = rows_gradient(from, to, p, weights, norms);
        if (needs[1]) {
          grads[1] = rows_gradient(to, from, p, transpose(weights, 1, 2), transpose(norms, 1, 2));
        }
        return grads;
      });
}

/// x [n, width], contiguous, of f32 or f64.
Tensor pairs(const Tensor& x, double p) {
  const int64_t n = x.size(0);
  Tensor y = empty({n * (n - 1) / 2}, x.dtype(), x.device(), "pdist");
  if (y.numel() > 0) on_cpu("pdist", x, [&](Cpu cpu) { kernels::pdist(cpu, x, p, y); });
  return record(
      "pdist", {x}, y, [x = save(x), y = save_output(y), p](const Tensor& dy, Needs) -> Grads {
        const Tensor from = x.get(), norms = y.get();
        if (p == 0 || norms.numel() == 0 || from.numel() == 0) return {zeros_like(from)};
        const Tensor weights = contiguous(slope_weights(dy, norms, p));
        if (grad_enabled()) {
          const Tensor places = triu_indices(from.size(0), from.size(0), 1, from.device());
          const Tensor first = select(places, 0, 0), second = select(places, 0, 1);
          const Tensor slope = slopes(index_select(from, 0, first) - index_select(from, 0, second),
                                      weights, norms, p);
          const Tensor ahead = index_add(zeros_like(from), 0, first, slope);
          return {index_add(ahead, 0, second, slope, -1)};
        }
        Tensor dx = empty_like(from, "pdist");
        on_cpu("pdist", from,
               [&](Cpu cpu) { kernels::pdist_back(cpu, from, p, weights, norms, dx); });
        return {dx};
      });
}

}  // namespace

Tensor cosine_similarity(const Tensor& a, const Tensor& b, int axis, double eps) {
  internal::check_floating("cosine_similarity", a);
  internal::check_floating("cosine_similarity", b);
  if (a.dtype() == DType::f16 && b.dtype() == DType::f16) {
    return cast(cosine_similarity(cast(a, DType::f32), cast(b, DType::f32), axis, eps), DType::f16);
  }
  const Shape shape = broadcast_shapes("cosine_similarity", a.shape(), b.shape());
  const auto direction = [&](const Tensor& x) {
    const Tensor whole = expand(x, shape);
    return whole / clamp(norm(whole, 2, {axis}, true), eps);
  };
  return sum(direction(a) * direction(b), {axis});
}

Tensor pairwise_distance(const Tensor& a, const Tensor& b, double p, double eps, bool keep) {
  internal::check_floating("pairwise_distance", a);
  internal::check_floating("pairwise_distance", b);
  if (a.dtype() == DType::f16 && b.dtype() == DType::f16) {
    return cast(pairwise_distance(cast(a, DType::f32), cast(b, DType::f32), p, eps, keep),
                DType::f16);
  }
  return norm(a - b + eps, p, {-1}, keep);
}

Tensor normalize(const Tensor& x, double p, int axis, double eps) {
  internal::check_floating("normalize", x);
  if (x.dtype() == DType::f16) {  // eps is 0 in it
    return cast(normalize(cast(x, DType::f32), p, axis, eps), DType::f16);
  }
  return x / clamp(norm(x, p, {axis}, true), eps);
}

Tensor cdist(const Tensor& a, const Tensor& b, double p) {
  internal::check_floating("cdist", a);
  internal::check_floating("cdist", b);
  check_power("cdist", p);
  if (a.rank() < 2 || b.rank() < 2 || a.size(-1) != b.size(-1)) {
    throw ShapeError(
        "cdist", fmt::format("takes rows of one size, got {} and {}", describe(a), describe(b)));
  }
  internal::check_same_device("cdist", a, b);
  const DType dtype = promote(a.dtype(), b.dtype());
  const DType computed = dtype == DType::f64 ? DType::f64 : DType::f32;
  const Shape batch = broadcast_shapes("cdist", internal::front_of(a, 2), internal::front_of(b, 2));
  const auto rows = [&](const Tensor& x) {
    const Tensor whole = expand(cast(x, computed), joined(batch, {x.size(-2), x.size(-1)}));
    return contiguous(reshape(whole, {numel(batch), x.size(-2), x.size(-1)}));
  };
  const Shape shape = joined(batch, {a.size(-2), b.size(-2)});
  return cast(reshape(distances(rows(a), rows(b), p), shape), dtype);
}

Tensor pdist(const Tensor& x, double p) {
  check_power("pdist", p);
  internal::check_floating("pdist", x);
  if (x.rank() != 2) {
    throw ShapeError("pdist", fmt::format("x must be [n, width], got {}", describe(x)));
  }
  checked_numel("pdist", {x.size(0), x.size(0)});  // the number of pairs cannot overflow then
  const DType computed = x.dtype() == DType::f64 ? DType::f64 : DType::f32;
  return cast(pairs(contiguous(cast(x, computed)), p), x.dtype());
}

}  // namespace strata
