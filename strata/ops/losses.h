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

struct NllOptions {
  Tensor weight = {};  ///< as in CrossEntropyOptions, as are the others
  int64_t ignore_index = -100;
  Reduction reduction = Reduction::mean;
};

/// -x[target] along the last axis, for x of log-probabilities: cross_entropy without its softmax.
/// Throws as it does.
Tensor nll_loss(const Tensor& x, const Tensor& target, const NllOptions& options = {});

struct BceOptions {
  Tensor weight = {};      ///< of each element, broadcast to x
  Tensor pos_weight = {};  ///< of the positive part, broadcast to x
  Reduction reduction = Reduction::mean;
};

/// Cross-entropy of sigmoid(x) and target: -(t log(sigmoid(x)) + (1 - t) log(1 - sigmoid(x))), for
/// targets in [0, 1]. Shapes broadcast. Throws DTypeError for integers.
Tensor bce_with_logits(const Tensor& x, const Tensor& target, const BceOptions& options = {});

}  // namespace strata
