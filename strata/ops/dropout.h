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

// Whole channels of a sample, all of whose values become zero or none; the rest as dropout. The
// choice follows the seed, the stream, the sample and the channel. Throw ShapeError for x of
// another rank. Source: Tompson et al., "Efficient object localization using convolutional
// networks", 2015.

/// Of sequences x[N, L, C].
Tensor dropout1d(const Tensor& x, double p, bool training = true,
                 Generator& generator = default_generator());
/// Of images x[N, H, W, C].
Tensor dropout2d(const Tensor& x, double p, bool training = true,
                 Generator& generator = default_generator());
/// Of volumes x[N, D, H, W, C].
Tensor dropout3d(const Tensor& x, double p, bool training = true,
                 Generator& generator = default_generator());

/// For networks of selu: while `training`, each element becomes the lower limit of selu, -1.7581,
/// with probability p; a scale and a shift then bring what had mean 0 and variance 1 back to these.
/// With p = 1 all are zero. Throws as dropout. Source: Klambauer et al., "Self-normalizing neural
/// networks", 2017.
Tensor alpha_dropout(const Tensor& x, double p, bool training = true,
                     Generator& generator = default_generator());
/// The same for whole channels of a sample, x[N, ..., C]. Throws ShapeError below two axes.
Tensor feature_alpha_dropout(const Tensor& x, double p, bool training = true,
                             Generator& generator = default_generator());

}  // namespace strata
