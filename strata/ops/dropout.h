#pragma once

#include "strata/base/random.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// While `training`: each element is zero with probability p, else x / (1 - p); otherwise x itself.
/// The choice follows the generator's seed and stream and the element's index alone, and is made
/// again on the way back: no mask is kept. Throws ValueError unless 0 <= p <= 1, DTypeError for
/// integers. Source: Srivastava et al., "Dropout", JMLR 2014.
Tensor dropout(const Tensor& x, double p, bool training = true,
               Generator& generator = default_generator());

}  // namespace strata
