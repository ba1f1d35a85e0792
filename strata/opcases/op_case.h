#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata::opcases {

/// One input of a case. Its values come from a rule (an integer hash of the input's position and
/// the element's index), so that a generator in another language makes the same ones.
struct Input {
  Shape shape;
  double low = -1;  ///< values are uniform in [low, high)
  double high = 1;
  bool integer = false;  ///< i64 values floor(uniform), no gradient
  bool grad = true;      ///< whether its gradient is checked
};

/// One declaration per op and variant. It feeds the comparison with the reference dump, the
/// gradient check of first and second order, and the dtype, layout and thread checks.
struct OpCase {
  std::string name;  ///< "exp", "sum/axis0": the key in tests/golden/ops/<file>.safetensors
  std::vector<Input> inputs;
  std::function<std::vector<Tensor>(std::span<const Tensor>)> run;
  double tolerance = 1e-5;       ///< of f32 against the f64 reference: max |a - b| / max |b|
  double bf16_tolerance = 2e-2;  ///< of bf16 against it; 0 where the op does not take bf16
  bool differentiable = true;
  bool second_order = true;  ///< false: create_graph must give a clear error
  bool golden = true;        ///< false where PyTorch has no counterpart
};

/// The values of input number `position` of a case, in `dtype` (integer inputs stay i64).
Tensor make_input(const Input& input, int position, DType dtype);
std::vector<Tensor> make_inputs(const OpCase& c, DType dtype);

/// Fixed weights, of y's shape and dtype, that make a scalar loss sum(y * weights) of an output.
Tensor output_weights(const Tensor& y, int position);

/// The cases of all files in this folder, in the order of their names.
const std::vector<OpCase>& all_op_cases();

}  // namespace strata::opcases
