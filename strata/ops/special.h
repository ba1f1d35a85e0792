#pragma once

#include <optional>

#include "strata/ops/operand.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Further functions of each element, in any layout: of x's shape and dtype, f32 for integers and
/// bools, computed in f64 and rounded once. Values outside of a function's domain give NaN or
/// infinity as in PyTorch and no error.

/// The tangent.
Tensor tan(const Tensor& x);
/// The inverse of the sine, in [-pi / 2, pi / 2]; NaN outside of [-1, 1].
Tensor asin(const Tensor& x);
/// The inverse of the cosine, in [0, pi]; NaN outside of [-1, 1].
Tensor acos(const Tensor& x);
/// The inverse of the tangent, in [-pi / 2, pi / 2].
Tensor atan(const Tensor& x);
/// (e^x - e^-x) / 2.
Tensor sinh(const Tensor& x);
/// (e^x + e^-x) / 2.
Tensor cosh(const Tensor& x);
/// The inverse of sinh.
Tensor asinh(const Tensor& x);
/// The inverse of cosh, from 0 on; NaN below 1.
Tensor acosh(const Tensor& x);
/// The inverse of tanh; infinite at -1 and 1, NaN outside of them.
Tensor atanh(const Tensor& x);
/// The logarithm to base 2; -infinity at 0, NaN below.
Tensor log2(const Tensor& x);
/// The logarithm to base 10; -infinity at 0, NaN below.
Tensor log10(const Tensor& x);
/// 2 to the power x.
Tensor exp2(const Tensor& x);
/// 1 - erf(x), accurate where that is small.
Tensor erfc(const Tensor& x);
/// The inverse of erf.
Tensor erfinv(const Tensor& x);
/// log(|gamma(x)|).
Tensor lgamma(const Tensor& x);
/// The derivative of lgamma.
Tensor digamma(const Tensor& x);
/// The n-th derivative of digamma. For n > 1 NaN below -1e6. Throws ValueError for n < 0.
Tensor polygamma(int n, const Tensor& x);
/// The modified Bessel functions of the first kind, of order 0 and 1, and both times e^-|x|, which
/// stay finite.
Tensor i0(const Tensor& x);
Tensor i0e(const Tensor& x);
Tensor i1(const Tensor& x);
Tensor i1e(const Tensor& x);

/// log(x / (1 - x)), the inverse of the sigmoid: infinite at 0 and 1, NaN outside of them. With
/// `eps` x is first clamped to [eps, 1 - eps].
Tensor logit(const Tensor& x, std::optional<double> eps = {});

/// Rounding towards 0; integers stay. Gradient: zero. Throws DTypeError for bools.
Tensor trunc(const Tensor& x);
/// x - trunc(x). Throws DTypeError for bools and integers.
Tensor frac(const Tensor& x);

/// x with other values for NaN (0), infinity and -infinity (the dtype's largest and lowest); where
/// they stood the gradient is 0. Integers stay.
Tensor nan_to_num(const Tensor& x, double nan = 0, std::optional<double> positive = {},
                  std::optional<double> negative = {});

// Functions of two elements, with broadcasting and promotion as in arithmetic.h. All throw
// ShapeError where the shapes do not broadcast. Integers give f32 unless said otherwise.

/// The angle of the point (b, a), in [-pi, pi].
Tensor atan2(const Operand& a, const Operand& b);
/// sqrt(a^2 + b^2) without overflow on the way.
Tensor hypot(const Operand& a, const Operand& b);
/// log(e^a + e^b).
Tensor logaddexp(const Operand& a, const Operand& b);
/// a log(b); 0 where a is 0 and b not NaN.
Tensor xlogy(const Operand& a, const Operand& b);
/// The regularised lower incomplete gamma function: the integral of t^(a - 1) e^-t from 0 to x,
/// divided by gamma(a); NaN where one is negative or both are 0. It has a gradient in x alone, as
/// PyTorch's: throws GradError on the way back to an `a` that requires one.
Tensor igamma(const Operand& a, const Operand& x);
/// 1 - igamma(a, x), the upper one, with all digits where that is small.
Tensor igammac(const Operand& a, const Operand& x);
/// What is left of a / b rounded towards 0: the sign is a's. Integers stay integers; throws
/// ValueError where one is divided by 0.
Tensor fmod(const Operand& a, const Operand& b);
/// What is left of a / b rounded down: the sign is b's, as Python's %. Else as fmod.
Tensor remainder(const Operand& a, const Operand& b);
/// The larger (smaller) of the two, the other where one is NaN. Ties give their gradient to a.
/// Integers stay integers.
Tensor fmax(const Operand& a, const Operand& b);
Tensor fmin(const Operand& a, const Operand& b);

/// a + weight (b - a); b itself where the weight is 1. Throws DTypeError for integers.
Tensor lerp(const Tensor& a, const Tensor& b, const Operand& weight);

}  // namespace strata
