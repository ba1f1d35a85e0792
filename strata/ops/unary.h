#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

/// e^x. Integers and booleans are computed in f32, as all functions here.
Tensor exp(const Tensor& x);

}  // namespace strata
