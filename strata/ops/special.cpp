#include "strata/ops/special.h"

#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/largest_finite.h"
#include "strata/kernels/bessel.h"
#include "strata/kernels/incomplete_gamma.h"
#include "strata/kernels/special.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

using kernels::Function1;
using kernels::Function2;

Tensor apply(const char* op, Function1 f, const Tensor& x) {
  Tensor y = empty(x.shape(), is_floating(x.dtype()) ? x.dtype() : DType::f32, x.device(), op);
  on_cpu(op, x, [&](Cpu cpu) { kernels::special(cpu, f, x, y); });
  return y;
}

Tensor apply(const char* op, Function2 f, const Operands& in) {
  Tensor y = empty(in.shape, in.dtype, in.a.device(), op);
  on_cpu(op, y, [&](Cpu cpu) { kernels::special(cpu, f, in.a, in.b, y); });
  return y;
}

/// f(x) with the derivative slope(x), made of ops.
template <class Slope>
Tensor function(const char* op, Function1 f, const Tensor& x, Slope slope) {
  return record(op, {x}, apply(op, f, x), [x = save(x), slope](const Tensor& dy, Needs) -> Grads {
    return {dy * slope(x.get())};
  });
}

/// f(x) = y with the derivative slope(y), made of ops.
template <class Slope>
Tensor function_by_value(const char* op, Function1 f, const Tensor& x, Slope slope) {
  Tensor y = apply(op, f, x);
  return record(op, {x}, y, [y = save_output(y), slope](const Tensor& dy, Needs) -> Grads {
    return {dy * slope(y.get())};
  });
}

Operands floating_operands(const char* op, const Operand& a, const Operand& b) {
  const DType dtype = result_type(a, b);
  return operands(op, a, b, is_floating(dtype) ? dtype : DType::f32);
}

/// Records y = f(a, b); slopes(dy, a, b, needs) gives both gradients in y's shape.
template <class Slopes>
Tensor recorded(const char* op, const Operands& in, const Tensor& y, Slopes slopes) {
  return record(op, {in.a, in.b}, y,
                [a = save(in.a), b = save(in.b), to_a = FitGradient(in.a), to_b = FitGradient(in.b),
                 slopes](const Tensor& dy, Needs needs) -> Grads {
                  Grads grads = slopes(dy, a.get(), b.get(), needs);
                  if (grads[0].defined()) grads[0] = to_a(grads[0]);
                  if (grads[1].defined()) grads[1] = to_b(grads[1]);
                  return grads;
                });
}

Tensor apply(const char* op, kernels::Bessel f, const Tensor& x) {
  Tensor y = empty(x.shape(), is_floating(x.dtype()) ? x.dtype() : DType::f32, x.device(), op);
  on_cpu(op, x, [&](Cpu cpu) { kernels::bessel(cpu, f, x, y); });
  return y;
}

/// i1(x) / x, or i1e(x) / x; 1 / 2 at 0.
Tensor i1_ratio(const Tensor& i1, const Tensor& x) {
  return where(x == 0, 0.5, i1 / where(x == 0, 1, x));
}

/// An incomplete gamma function; its derivative by x is `sign` times the density.
Tensor incomplete_gamma(const char* op, double sign,
                        void (*kernel)(Cpu, const Tensor&, const Tensor&, Tensor&),
                        const Operand& a, const Operand& x) {
  const Operands in = floating_operands(op, a, x);
  Tensor y = empty(in.shape, in.dtype, in.a.device(), op);
  on_cpu(op, y, [&](Cpu cpu) { kernel(cpu, in.a, in.b, y); });
  return recorded(
      op, in, y,
      [op, sign](const Tensor& dy, const Tensor& a, const Tensor& x, Needs needs) -> Grads {
        if (needs[0]) {
          throw GradError(op, "has no gradient in a", "pass a.detach()");
        }
        const Tensor density = exp(xlogy(a - 1, x) - x - lgamma(a));
        return {Tensor(), dy * density * sign};
      });
}

/// a / b rounded down, and as PyTorch for infinite a and b.
Tensor floor_quotient(const Tensor& a, const Tensor& b) {
  const NoGrad no_grad;
  const Tensor left = fmod(a, b), whole = round((a - left) / b);
  const Tensor below = logical_and(left != 0, (b < 0) != (left < 0));
  return where(b == 0, a / b, where(below, whole - 1, whole));
}

}  // namespace

Tensor tan(const Tensor& x) {
  return function_by_value("tan", Function1::tan, x, [](const Tensor& y) { return square(y) + 1; });
}
Tensor asin(const Tensor& x) {
  return function("asin", Function1::asin, x, [](const Tensor& v) { return rsqrt(1 - square(v)); });
}
Tensor acos(const Tensor& x) {
  return function("acos", Function1::acos, x,
                  [](const Tensor& v) { return -rsqrt(1 - square(v)); });
}
Tensor atan(const Tensor& x) {
  return function("atan", Function1::atan, x,
                  [](const Tensor& v) { return reciprocal(square(v) + 1); });
}
Tensor sinh(const Tensor& x) { return function("sinh", Function1::sinh, x, cosh); }
Tensor cosh(const Tensor& x) { return function("cosh", Function1::cosh, x, sinh); }
Tensor asinh(const Tensor& x) {
  return function("asinh", Function1::asinh, x,
                  [](const Tensor& v) { return rsqrt(square(v) + 1); });
}
Tensor acosh(const Tensor& x) {
  return function("acosh", Function1::acosh, x,
                  [](const Tensor& v) { return rsqrt(square(v) - 1); });
}
Tensor atanh(const Tensor& x) {
  return function("atanh", Function1::atanh, x,
                  [](const Tensor& v) { return reciprocal(1 - square(v)); });
}
Tensor log2(const Tensor& x) {
  return function("log2", Function1::log2, x,
                  [](const Tensor& v) { return reciprocal(v * std::numbers::ln2); });
}
Tensor log10(const Tensor& x) {
  return function("log10", Function1::log10, x,
                  [](const Tensor& v) { return reciprocal(v * std::numbers::ln10); });
}
Tensor exp2(const Tensor& x) {
  return function_by_value("exp2", Function1::exp2, x,
                           [](const Tensor& y) { return y * std::numbers::ln2; });
}
Tensor erfc(const Tensor& x) {
  return function("erfc", Function1::erfc, x, [](const Tensor& v) {
    return exp(-square(v)) * (-2 * std::numbers::inv_sqrtpi);
  });
}
Tensor erfinv(const Tensor& x) {
  return function_by_value("erfinv", Function1::erfinv, x, [](const Tensor& y) {
    return exp(square(y)) * (0.5 / std::numbers::inv_sqrtpi);
  });
}
Tensor lgamma(const Tensor& x) { return function("lgamma", Function1::lgamma, x, digamma); }
Tensor digamma(const Tensor& x) {
  return function("digamma", Function1::digamma, x,
                  [](const Tensor& v) { return polygamma(1, v); });
}

Tensor polygamma(int n, const Tensor& x) {
  if (n < 0) throw ValueError("polygamma", fmt::format("n must not be negative, got {}", n));
  const Operands in = floating_operands("polygamma", n, x);
  return record("polygamma", {x}, apply("polygamma", Function2::polygamma, in),
                [n, x = save(x)](const Tensor& dy, Needs) -> Grads {
                  return {dy * polygamma(n + 1, x.get())};
                });
}

Tensor i0(const Tensor& x) {
  return record("i0", {x}, apply("i0", kernels::Bessel::i0, x),
                [x = save(x)](const Tensor& dy, Needs) -> Grads { return {dy * i1(x.get())}; });
}
Tensor i0e(const Tensor& x) {
  return record("i0e", {x}, apply("i0e", kernels::Bessel::i0e, x),
                [x = save(x)](const Tensor& dy, Needs) -> Grads {
                  const Tensor v = x.get();
                  return {dy * (i1e(v) - sign(v) * i0e(v))};
                });
}
Tensor i1(const Tensor& x) {
  return record("i1", {x}, apply("i1", kernels::Bessel::i1, x),
                [x = save(x)](const Tensor& dy, Needs) -> Grads {
                  const Tensor v = x.get();
                  return {dy * (i0(v) - i1_ratio(i1(v), v))};
                });
}
Tensor i1e(const Tensor& x) {
  return record("i1e", {x}, apply("i1e", kernels::Bessel::i1e, x),
                [x = save(x)](const Tensor& dy, Needs) -> Grads {
                  const Tensor v = x.get(), y = i1e(v);
                  return {dy * (i0e(v) - sign(v) * y - i1_ratio(y, v))};
                });
}

Tensor logit(const Tensor& x, std::optional<double> eps) {
  if (!is_floating(x.dtype())) return logit(cast(x, DType::f32), eps);
  if (size_of(x.dtype()) < 4) return cast(logit(cast(x, DType::f32), eps), x.dtype());
  Tensor y;
  {
    const NoGrad no_grad;
    const Tensor inside = eps ? clamp(x, *eps, 1 - *eps) : x;
    y = log(inside / (1 - inside));
  }
  return record("logit", {x}, y, [x = save(x), eps](const Tensor& dy, Needs) -> Grads {
    const Tensor from = x.get(), slope = dy / (from * (1 - from));
    const double low = eps.value_or(0), flat = eps ? 0 : std::numeric_limits<double>::quiet_NaN();
    return {where(logical_or(from<low, from> 1 - low), flat, slope)};
  });
}

Tensor trunc(const Tensor& x) {
  if (x.dtype() == DType::boolean) throw DTypeError("trunc", "takes numbers, got " + describe(x));
  if (!is_floating(x.dtype())) return x;
  return record("trunc", {x}, apply("trunc", Function1::trunc, x),
                [](const Tensor& dy, Needs) -> Grads { return {zeros_like(dy)}; });
}

Tensor frac(const Tensor& x) {
  internal::check_floating("frac", x);
  return x - trunc(x);
}

Tensor nan_to_num(const Tensor& x, double nan, std::optional<double> positive,
                  std::optional<double> negative) {
  if (!is_floating(x.dtype())) return x;
  const double most = largest_finite(x.dtype());
  const Tensor above = logical_and(isinf(x), x > 0), below = logical_and(isinf(x), x < 0);
  return where(isnan(x), nan,
               where(above, positive.value_or(most), where(below, negative.value_or(-most), x)));
}

Tensor atan2(const Operand& a, const Operand& b) {
  const Operands in = floating_operands("atan2", a, b);
  return recorded("atan2", in, apply("atan2", Function2::atan2, in),
                  [](const Tensor& dy, const Tensor& y, const Tensor& x, Needs needs) -> Grads {
                    const Tensor length = square(y) + square(x);
                    const Tensor scaled = where(length == 0, 0, dy / length);
                    return {needs[0] ? scaled * x : Tensor(), needs[1] ? scaled * -y : Tensor()};
                  });
}

Tensor hypot(const Operand& a, const Operand& b) {
  const Operands in = floating_operands("hypot", a, b);
  Tensor y = apply("hypot", Function2::hypot, in);
  return record("hypot", {in.a, in.b}, y,
                [a = save(in.a), b = save(in.b), y = save_output(y), to_a = FitGradient(in.a),
                 to_b = FitGradient(in.b)](const Tensor& dy, Needs needs) -> Grads {
                  const Tensor length = y.get();
                  return {needs[0] ? to_a(dy * (a.get() / length)) : Tensor(),
                          needs[1] ? to_b(dy * (b.get() / length)) : Tensor()};
                });
}

Tensor logaddexp(const Operand& a, const Operand& b) {
  const Operands in = floating_operands("logaddexp", a, b);
  return recorded("logaddexp", in, apply("logaddexp", Function2::logaddexp, in),
                  [](const Tensor& dy, const Tensor& a, const Tensor& b, Needs needs) -> Grads {
                    return {needs[0] ? dy * sigmoid(a - b) : Tensor(),
                            needs[1] ? dy * sigmoid(b - a) : Tensor()};
                  });
}

Tensor xlogy(const Operand& a, const Operand& b) {
  const Operands in = floating_operands("xlogy", a, b);
  Tensor y;
  {
    const NoGrad no_grad;
    const Tensor zero = logical_and(in.a == 0, logical_not(isnan(in.b)));
    y = cast(where(zero, 0, in.a * log(in.b)), in.dtype);
  }
  return recorded("xlogy", in, y,
                  [](const Tensor& dy, const Tensor& a, const Tensor& b, Needs needs) -> Grads {
                    const Tensor flat = logical_and(a == 0, b <= 0);
                    return {needs[0] ? dy * where(flat, 0, log(b)) : Tensor(),
                            needs[1] ? dy * (a / b) : Tensor()};
                  });
}

Tensor igamma(const Operand& a, const Operand& x) {
  return incomplete_gamma("igamma", 1, kernels::igamma, a, x);
}

Tensor igammac(const Operand& a, const Operand& x) {
  return incomplete_gamma("igammac", -1, kernels::igammac, a, x);
}

Tensor fmod(const Operand& a, const Operand& b) {
  const Operands in = operands("fmod", a, b);
  return recorded("fmod", in, apply("fmod", Function2::fmod, in),
                  [](const Tensor& dy, const Tensor& a, const Tensor& b, Needs needs) -> Grads {
                    return {dy, needs[1] ? -dy * trunc(a / b) : Tensor()};
                  });
}

Tensor remainder(const Operand& a, const Operand& b) {
  const Operands in = operands("remainder", a, b);
  return recorded("remainder", in, apply("remainder", Function2::remainder, in),
                  [](const Tensor& dy, const Tensor& a, const Tensor& b, Needs needs) -> Grads {
                    return {dy, needs[1] ? -dy * floor_quotient(a, b) : Tensor()};
                  });
}

Tensor fmax(const Operand& a, const Operand& b) {
  const Operands in = operands("fmax", a, b);
  return recorded("fmax", in, apply("fmax", Function2::fmax, in),
                  [](const Tensor& dy, const Tensor& a, const Tensor& b, Needs) -> Grads {
                    const Tensor first = logical_or(a >= b, isnan(b));
                    return {where(first, dy, 0), where(first, 0, dy)};
                  });
}

Tensor fmin(const Operand& a, const Operand& b) {
  const Operands in = operands("fmin", a, b);
  return recorded("fmin", in, apply("fmin", Function2::fmin, in),
                  [](const Tensor& dy, const Tensor& a, const Tensor& b, Needs) -> Grads {
                    const Tensor first = logical_or(a <= b, isnan(b));
                    return {where(first, dy, 0), where(first, 0, dy)};
                  });
}

Tensor lerp(const Tensor& a, const Tensor& b, const Operand& weight) {
  internal::check_floating("lerp", a);
  internal::check_floating("lerp", b);
  if (a.dtype() == DType::f16 && b.dtype() == DType::f16) {  // b - a may leave its range
    const Tensor wide_a = cast(a, DType::f32), wide_b = cast(b, DType::f32);
    if (!weight.is_tensor()) return cast(lerp(wide_a, wide_b, weight), DType::f16);
    const Tensor& w = weight.tensor();
    const Tensor y = lerp(wide_a, wide_b, w.dtype() == DType::f16 ? cast(w, DType::f32) : w);
    return w.dtype() == DType::f16 ? cast(y, DType::f16) : y;
  }
  const Tensor way = b - a;
  if (weight.is_tensor()) {
    const Tensor& w = weight.tensor();
    return where(abs(w) < 0.5, a + w * way, b - way * (1 - w));
  }
  const double w = weight.number().real();
  return std::abs(w) < 0.5 ? a + way * w : b - way * (1 - w);
}

}  // namespace strata
