#pragma once

#include "strata/base/dtype.h"

namespace strata {

/// The dtype in which linear and convolution layers of this thread compute; f32 at first.
/// Parameters, norms and losses stay in the dtype they have.
DType compute_dtype();

/// Sets compute_dtype() for the life of the object, in this thread. It is below the layers for who
/// computes them again later; programs use nn::PrecisionScope, which checks the dtype.
class ComputeDTypeScope {
 public:
  explicit ComputeDTypeScope(DType dtype);
  ~ComputeDTypeScope();
  ComputeDTypeScope(const ComputeDTypeScope&) = delete;
  ComputeDTypeScope& operator=(const ComputeDTypeScope&) = delete;

 private:
  DType before_;
};

}  // namespace strata
