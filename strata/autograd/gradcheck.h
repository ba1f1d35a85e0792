#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata {

/// The worst disagreement between recorded gradients and central differences.
struct GradCheckResult {
  double error = 0;   ///< max |analytic - numeric| / max(1, max |numeric|), over all inputs
  std::string where;  ///< the input and element it was found at
};

using TensorFunction = std::function<std::vector<Tensor>(std::span<const Tensor>)>;

/// Compares the gradient of sum(f(xs) * fixed weights) with central differences, for every element
/// of every input that requires a gradient. With `order` 2 it does the same to the gradient itself,
/// and compares the gradient that create_graph records with the plain one.
/// Throws what f throws; GradError where f has no second derivative; DTypeError where an input that
/// requires a gradient is not f64.
GradCheckResult gradcheck(const TensorFunction& f, std::span<const Tensor> xs, int order = 1);

}  // namespace strata
