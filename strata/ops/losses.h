#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata {

/// What becomes of the losses of the elements or rows: all of them, their mean, their sum.
enum class Reduction : uint8_t { none, mean, sum };

/// (x - target)^2. The shapes broadcast, the dtypes are promoted. A scalar, or with
/// Reduction::none the broadcast shape. Throws DTypeError for integers.
Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::mean);

/// |x - target|; else as mse_loss. The gradient is 0 where they are equal.
Tensor l1_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::mean);

struct CrossEntropyOptions {
  Tensor weight = {};           ///< [classes]: weighs the rows by their class; none if undefined
  int64_t ignore_index = -100;  ///< rows of this class count for nothing
  double label_smoothing = 0;   ///< in [0, 1]: share of the target spread over all classes
  Reduction reduction = Reduction::mean;
};

/// -log(softmax(logits)[target]) along the *last* axis, where Strata keeps classes and channels.
/// `target` holds class numbers and has the shape of the logits without that axis. The mean is
/// weighed by the weights of the targets' classes (Szegedy et al., 2016, for label smoothing).
/// Or `target` is floating and holds probabilities, of the logits' shape; the mean is then over the
/// rows. Throws ShapeError, DTypeError, ValueError, and IndexError for a class that does not exist.
Tensor cross_entropy(const Tensor& logits, const Tensor& target,
                     const CrossEntropyOptions& options = {});

}  // namespace strata
