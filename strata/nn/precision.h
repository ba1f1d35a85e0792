#pragma once

#include "strata/tape/compute_dtype.h"
#include "strata/tensor/tensor.h"

namespace strata::nn {

/// The dtype in which layers compute.
using strata::compute_dtype;

/// Lets layers compute in `dtype` (mixed precision) while it lives. Throws ValueError for a dtype
/// other than f32 and bf16.
class PrecisionScope {
 public:
  explicit PrecisionScope(DType dtype);

 private:
  ComputeDTypeScope scope_;
};

/// x in the compute dtype, for a layer's inputs and weights; f64 and undefined tensors as they are.
Tensor to_compute(const Tensor& x);

}  // namespace strata::nn
