#pragma once

#include <string>
#include <utility>
#include <vector>

#include "strata/nn/module.h"

namespace strata::testing {

/// Inputs by name, f64 and by rule.
using NamedInputs = std::vector<std::pair<std::string, Tensor>>;
NamedInputs rule_inputs(const std::vector<std::pair<std::string, Shape>>& shapes);

/// f64 and in [-1, 1), by rule.
Tensor rule_doubles(const std::string& name, const Shape& shape);

/// bool[2, 5], true at the end of the second row.
Tensor padded_keys();

/// Puts the module in f64 on weights by rule, for `expect_golden`.
void prepare(nn::Module& module);

/// Compares y, weights (or undefined), and the gradients of the inputs and of all parameters with
/// those of tools/golden/layers_transformer.py under that name.
void expect_golden(const std::string& name, nn::Module& module, const NamedInputs& inputs,
                   const Tensor& y, const Tensor& weights = {});

}  // namespace strata::testing
