#pragma once

#include <cstdint>
#include <vector>

#include "strata/device/device.h"
#include "strata/tensor/tensor.h"

namespace strata::kernels {

struct Ctc {
  int64_t blank = 0;
  std::vector<int64_t> input_lengths, target_lengths;
  std::vector<int64_t> offsets;  ///< where each target begins
};

/// Losses [batch] of log_probs [steps, batch, classes], both f32 or both f64, contiguous; targets
/// i64, contiguous, all of them classes.
void ctc(Cpu, const Ctc& options, const Tensor& log_probs, const Tensor& targets, Tensor& losses);

/// Its way back: dy [batch], dx of log_probs' shape. Where dy is 0, so is dx.
void ctc_grad(Cpu, const Ctc& options, const Tensor& log_probs, const Tensor& targets,
              const Tensor& dy, Tensor& dx);

}  // namespace strata::kernels
