#include "strata/nn/precision.h"

#include "strata/base/error.h"
#include "strata/ops/copy.h"

namespace strata::nn {
namespace {

DType checked(DType dtype) {
  if (dtype != DType::f32 && dtype != DType::bf16) {
    throw ValueError("dtype", std::string(name_of(dtype)) + " is no dtype to train in",
                     "f32 or bf16");
  }
  return dtype;
}

}  // namespace

PrecisionScope::PrecisionScope(DType dtype) : scope_(checked(dtype)) {}

Tensor to_compute(const Tensor& x) {
  const DType dtype = compute_dtype();
  if (dtype == DType::f32 || !x.defined() || x.dtype() != DType::f32) return x;
  return cast(x, dtype);
}

}  // namespace strata::nn
