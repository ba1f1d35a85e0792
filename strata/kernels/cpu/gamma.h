#pragma once

namespace strata::kernels::cpu {

/// log(|gamma(x)|); infinity at 0 and the negative integers. Unlike libm's it keeps no global sign.
double lgamma(double x);

/// The derivative of lgamma; -infinity at 0, +infinity at -0, NaN at the negative integers.
double digamma(double x);

/// The n-th derivative of digamma, n a whole number; digamma itself for 0. NaN for n > 1 and x <
/// -1e6.
double polygamma(double n, double x);

}  // namespace strata::kernels::cpu
