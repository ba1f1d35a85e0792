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
  Tensor pos_weight = {};  ///< of the positive part, for instance by class; broadcast to x
  Reduction reduction = Reduction::mean;
};

/// Cross-entropy of sigmoid(x) and target: -(t log(sigmoid(x)) + (1 - t) log(1 - sigmoid(x))), for
/// targets in [0, 1] of x's shape. Throws ShapeError for another shape or weights that do not
/// broadcast to it, DTypeError where x or the targets are integers.
Tensor bce_with_logits(const Tensor& x, const Tensor& target, const BceOptions& options = {});

// Made of other ops; shapes broadcast unless said otherwise. All throw DTypeError for an x of
// integers.

/// d^2 / 2 of d = x - target where |d| < delta, else delta (|d| - delta / 2) (Huber, 1964). Throws
/// ValueError for delta <= 0.
Tensor huber_loss(const Tensor& x, const Tensor& target, double delta = 1,
                  Reduction reduction = Reduction::mean);

/// huber_loss / beta; l1_loss for beta = 0 (Girshick, "Fast R-CNN", 2015). Throws ValueError for
/// beta < 0.
Tensor smooth_l1_loss(const Tensor& x, const Tensor& target, double beta = 1,
                      Reduction reduction = Reduction::mean);

/// -(t log(x) + (1 - t) log(1 - x)) for probabilities x and targets t of one shape, the logarithms
/// at least -100. `weight` broadcasts to x. Throws as bce_with_logits, which is more accurate, and
/// ValueError for an x outside of [0, 1].
Tensor bce_loss(const Tensor& x, const Tensor& target, const Tensor& weight = {},
                Reduction reduction = Reduction::mean);

struct KlOptions {
  bool log_target = false;  ///< the target holds log-probabilities too
  bool batch_mean = false;  ///< the sum divided by the size of the first axis, for `reduction`
  Reduction reduction = Reduction::mean;
};

/// target (log(target) - x) for x of log-probabilities: with batch_mean the Kullback-Leibler
/// divergence. Throws ShapeError for a batch_mean of rank 0.
Tensor kl_div(const Tensor& x, const Tensor& target, const KlOptions& options = {});

struct GaussianNllOptions {
  bool full = false;  ///< with the constant log(2 pi) / 2
  double eps = 1e-6;  ///< least variance; the gradient passes below it
  Reduction reduction = Reduction::mean;
};

/// (log(v) + (x - target)^2 / v) / 2 for normal distributions of mean x and variance v, which has
/// x's shape, or that shape without the last axis, or with one axis of size 1 instead. Throws
/// ShapeError, and ValueError for a negative variance.
Tensor gaussian_nll_loss(const Tensor& x, const Tensor& target, const Tensor& variance,
                         const GaussianNllOptions& options = {});

struct PoissonNllOptions {
  bool log_input = true;  ///< x is the logarithm of the rate, else the rate
  bool full = false;      ///< with Stirling's formula for log(target!), where target > 1
  double eps = 1e-8;      ///< added to a rate within the logarithm
  Reduction reduction = Reduction::mean;
};

/// e^x - target x, or x - target log(x + eps), for counts with Poisson's distribution.
Tensor poisson_nll_loss(const Tensor& x, const Tensor& target,
                        const PoissonNllOptions& options = {});

namespace internal {

/// For losses whose target has x's shape: throws ShapeError for another shape, or a weight that
/// does not broadcast to it, DTypeError for integers.
void check_elementwise(const char* op, const Tensor& x, const Tensor& target, const Tensor& weight);

/// All losses, their mean, or their sum.
Tensor reduced(const Tensor& losses, Reduction reduction);

}  // namespace internal

}  // namespace strata
