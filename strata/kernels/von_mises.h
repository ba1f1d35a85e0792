#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// y: draws of angles in [-pi, pi) around loc; NaN for a concentration that is not above 0.
/// Contiguous tensors of one shape and floating dtype, computed in f64; random numbers by place as
/// in variates.h. Source: Best and Fisher, "Efficient simulation of the von Mises distribution",
/// 1979.
void von_mises_draws(Cpu, uint64_t seed, uint64_t stream, const Tensor& loc,
                     const Tensor& concentration, Tensor& y);

}  // namespace strata::kernels
