#include "strata/tape/compute_dtype.h"

namespace strata {
namespace {

thread_local DType t_dtype = DType::f32;

}  // namespace

DType compute_dtype() { return t_dtype; }

ComputeDTypeScope::ComputeDTypeScope(DType dtype) : before_(t_dtype) { t_dtype = dtype; }

ComputeDTypeScope::~ComputeDTypeScope() { t_dtype = before_; }

}  // namespace strata
