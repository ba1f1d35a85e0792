#include "strata/nn/precision.h"

#include "strata/base/error.h"
#include "strata/ops/copy.h"

namespace strata::nn {
namespace {

thread_local DType t_dtype = DType::f32;

}  // namespace

DType compute_dtype() { return t_dtype; }

PrecisionScope::PrecisionScope(DType dtype) : before_(t_dtype) {
  if (dtype != DType::f32 && dtype != DType::bf16) {
    throw ValueError("dtype", std::string(name_of(dtype)) + " is no dtype to train in",
                     "f32 or bf16");
  }
  t_dtype = dtype;
}

PrecisionScope::~PrecisionScope() { t_dtype = before_; }

Tensor to_compute(const Tensor& x) {
  if (t_dtype == DType::f32 || !x.defined() || x.dtype() != DType::f32) return x;
  return cast(x, t_dtype);
}

}  // namespace strata::nn
