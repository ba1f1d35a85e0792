#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

// Contiguous tensors of one shape and floating dtype, computed in f64; random numbers by place as
// in variates.h.
namespace strata::kernels {

/// y: draws of the number of successes in `count` trials of probability `probs`; NaN for a count
/// below 0 or infinite and a probability outside of [0, 1]. Source: below 10 expected successes (or
/// failures) the inverse of the distribution function; from there on Hoermann, "The generation of
/// binomial random variates", 1993 (BTRS).
void binomial_draws(Cpu, uint64_t seed, uint64_t stream, const Tensor& count, const Tensor& probs,
                    Tensor& y);

/// y [rows, n]: how `count` trials fall on n classes; share[r, i] is the probability of class i
/// among the classes from i on.
void multinomial_draws(Cpu, uint64_t seed, uint64_t stream, int64_t count, const Tensor& share,
                       Tensor& y);

}  // namespace strata::kernels
