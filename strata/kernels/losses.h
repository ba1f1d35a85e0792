#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::kernels {

/// Losses that are sums of f(x, t) over the elements: (x - t)^2, |x - t|, and
/// max(x, 0) - x t + log(1 + e^-|x|), the cross-entropy of sigmoid(x) and t.
enum class PairLoss : uint8_t { squared, absolute, binary };

/// x and t contiguous, of one shape and dtype (f32, bf16, f64), as y: either one element, `scale`
/// times the sum, or one for each element of x.
void pair_loss(Cpu, PairLoss what, const Tensor& x, const Tensor& t, double scale, Tensor& y);

/// dx = scale * dy * f'(x, t); dy contiguous, with one element or those of x.
void pair_loss_grad(Cpu, PairLoss what, const Tensor& x, const Tensor& t, const Tensor& dy,
                    double scale, Tensor& dx);

/// Cross-entropy of logits x [rows, classes] and classes `target`, i64[rows]. With w the weights
/// (1 if undefined; else of the dtype computed in), the loss of a row is
///   a (lse - x[t]) + b sum_c w[c] (lse - x[c]),  a = (1 - smoothing) w[t], b = smoothing / classes
/// and 0 where t is `ignore`. Fills `losses` and `lse` (log(sum(e^x))), both [rows], f64 for x of
/// f64 and f32 else. Everything is contiguous.
struct CrossEntropy {
  double smoothing = 0;
  int64_t ignore = -100;
};
void cross_entropy(Cpu, const CrossEntropy& c, const Tensor& x, const Tensor& target,
                   const Tensor& weight, Tensor& losses, Tensor& lse);

/// dx = scale * dy * (gradient of the row's loss); dy has one element or one for each row.
void cross_entropy_grad(Cpu, const CrossEntropy& c, const Tensor& x, const Tensor& target,
                        const Tensor& weight, const Tensor& lse, const Tensor& dy, double scale,
                        Tensor& dx);

}  // namespace strata::kernels
