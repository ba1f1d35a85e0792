#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

// Draws whose method rejects some of its attempts. Element i and attempt k have the Philox counter
// (stream, i + k 2^48) to themselves, so that no element depends on another one or on threads.
// Contiguous tensors of one shape and floating dtype, computed in f64.
namespace strata::kernels {

/// What is stored of a draw: near 0, where a small concentration sends most of them, only its
/// logarithm says anything.
enum class GammaForm : uint8_t { value, logarithm };

/// y: draws from gamma distributions of these concentrations and rate 1, values of at least y's
/// least normal number; NaN for a concentration that is not above 0. Source: Marsaglia and Tsang,
/// "A simple method for generating gamma variables", ACM TOMS 2000, with its power of a uniform for
/// concentrations below 1.
void gamma_draws(Cpu, uint64_t seed, uint64_t stream, GammaForm form, const Tensor& concentration,
                 Tensor& y);

/// slope: how these draws move with their concentrations while their quantiles stay. Source:
/// Figurnov et al., "Implicit reparameterization gradients", 2018. 0 for a value of 0.
void gamma_slopes(Cpu, GammaForm form, const Tensor& concentration, const Tensor& y, Tensor& slope);

/// y: draws from Poisson distributions of these rates; NaN for a negative one. Source: below a rate
/// of 10 the inverse of the distribution function; from there on Hoermann, "The transformed
/// rejection method for generating Poisson random variables", 1993.
void poisson_draws(Cpu, uint64_t seed, uint64_t stream, const Tensor& rate, Tensor& y);

}  // namespace strata::kernels
