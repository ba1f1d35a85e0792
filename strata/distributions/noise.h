#pragma once

#include "strata/base/random.h"
#include "strata/tensor/tensor.h"

// Random tensors that draws are made of, computed in f32 at least and rounded once to their dtype.
namespace strata::distributions::internal {

/// Uniform in (0, 1), both ends left out: f64 for f64, f32 for all other dtypes.
Tensor open_uniform(const Shape& shape, const Tensor& like, Generator& generator);

/// Of like's dtype and device: mean 0 and standard deviation 1.
Tensor standard_normal(const Shape& shape, const Tensor& like, Generator& generator);
/// -log(u) of a uniform u: above 0, mean 1.
Tensor standard_exponential(const Shape& shape, const Tensor& like, Generator& generator);
/// -log(-log(u)) of a uniform u.
Tensor standard_gumbel(const Shape& shape, const Tensor& like, Generator& generator);

/// Draws from gamma distributions of rate 1, one for each concentration, at least least_normal of
/// its dtype: halves are to be widened first, as the draws go through products and roots. The
/// gradient holds the draws' quantiles (see kernels::gamma_slopes) and has no second order.
Tensor standard_gamma(const Tensor& concentration, Generator& generator);
/// Their logarithms, exact where the draws themselves are too small for the dtype.
Tensor log_standard_gamma(const Tensor& concentration, Generator& generator);

/// 1 and the next larger number of a floating dtype are so far apart.
double epsilon(DType dtype);
/// The largest numbers below x, without a gradient.
Tensor next_below(const Tensor& x);

/// e^x in `dtype`, between its least normal and its largest number. x is held inside as well, so
/// that draws beyond do not make NaN gradients.
Tensor positive_exp(const Tensor& x, DType dtype);

/// Probabilities moved into [epsilon, 1 - epsilon], so that their logarithms are finite.
Tensor inner(const Tensor& probs);

}  // namespace strata::distributions::internal
