#pragma once

#include "strata/tensor/tensor.h"

namespace strata::nn {

/// The dtype in which linear and convolution layers of this thread compute; f32 at first.
/// Parameters, norms and losses stay in the dtype they have.
DType compute_dtype();

/// Lets layers compute in `dtype` (mixed precision) while it lives. Throws ValueError for a dtype
/// other than f32 and bf16.
class PrecisionScope {
 public:
  explicit PrecisionScope(DType dtype);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  DType before_;
};

/// x in the compute dtype, for a layer's inputs and weights; f64 and undefined tensors as they are.
Tensor to_compute(const Tensor& x);

}  // namespace strata::nn
