#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// A parameter to be updated, its gradient and the arrays of its optimiser state: contiguous,
/// `size` elements each, all of one dtype. What a rule does not use may be null.
struct OptimPart {
  void* param;
  const void* grad;
  std::array<void*, 3> state;
  int64_t size;
  int64_t step;              ///< updates of this parameter, this one included
  double* number = nullptr;  ///< one number more of its state
};

struct SgdRule {
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize;
};

/// p -= lr * d, where d is the gradient g + weight_decay * p, or with momentum the buffer
/// b = momentum * b + (1 - dampening) * g (g itself at the first step), or with Nesterov's
/// g + momentum * b. State: b. dtype f32 or f64. The formulas of torch.optim.SGD.
void sgd(Cpu, DType dtype, const SgdRule& rule, std::span<const OptimPart> parts);

struct AdamRule {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled;  ///< weight decay shrinks the parameter (AdamW), else it joins the gradient
  bool amsgrad, maximize;
};

/// Adam (Kingma and Ba 2015), AdamW (Loshchilov and Hutter 2019) and AMSGrad (Reddi et al. 2018).
/// State: mean of g, mean of g^2, with amsgrad the largest mean of g^2. dtype f32 or f64. The
/// formulas of torch.optim.Adam: eps is added to the root after the bias correction.
void adam(Cpu, DType dtype, const AdamRule& rule, std::span<const OptimPart> parts);

/// Moving averages: p = g + decay * (p - g), where `grad` holds the values to be averaged. State:
/// none. dtype f32 or f64.
void average(Cpu, DType dtype, double decay, std::span<const OptimPart> parts);

}  // namespace strata::kernels
