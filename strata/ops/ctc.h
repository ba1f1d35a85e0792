#pragma once

#include <cstdint>
#include <vector>

#include "strata/ops/losses.h"
#include "strata/tensor/tensor.h"

namespace strata {

struct CtcOptions {
  int64_t blank = 0;  ///< the class that stands for no label
  /// The mean is that of the losses, each divided by its target's length (or by 1).
  Reduction reduction = Reduction::mean;
  bool zero_infinity = false;  ///< inputs too short for their targets count for nothing
};

/// Connectionist temporal classification (Graves et al., 2006), as torch.nn.functional.ctc_loss:
/// -log of the probability of all ways to write `targets` in the first input_lengths[i] steps of
/// `log_probs` [steps, batch, classes], which log_softmax made. `targets` are class numbers,
/// [batch, most] of which target_lengths[i] count, or all of them one behind the other [their sum].
/// The sums run in f64. Second-order gradients throw GradError. Throws ShapeError, DTypeError,
/// ValueError for lengths and a blank out of range, IndexError for a class that does not exist.
Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets,
                const std::vector<int64_t>& input_lengths,
                const std::vector<int64_t>& target_lengths, const CtcOptions& options = {});

}  // namespace strata
