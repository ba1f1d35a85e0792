#include "strata/ops/activations.h"

#include <utility>

#include "strata/opcases/op_case.h"
#include "strata/ops/arithmetic.h"

namespace strata::opcases {
namespace {

template <class F>
OpCase activation(const char* name, F op) {
  return {.name = name, .inputs = {{.shape = {4, 7}, .low = -4, .high = 4}}, .run = [op](auto in) {
            return std::vector{op(in[0])};
          }};
}

std::vector<OpCase> composed_cases() {
  const Input x = {.shape = {2, 3, 4}, .low = -4, .high = 4};
  const auto parametric = [](const Input& x, const Input& weight, const char* name) -> OpCase {
    return {.name = name, .inputs = {x, weight}, .run = [](auto in) {
              return std::vector{prelu(in[0], in[1])};
            }};
  };
  return {
      activation("elu", [](const Tensor& x) { return elu(x); }),
      activation("elu/alpha", [](const Tensor& x) { return elu(x, 0.7); }),
      activation("selu", selu),
      activation("celu", [](const Tensor& x) { return celu(x, 1.5); }),
      activation("mish", mish),
      activation("hardtanh", [](const Tensor& x) { return hardtanh(x, -2, 1.5); }),
      activation("relu6", [](const Tensor& x) { return relu6(x * 2); }),
      activation("hardsigmoid", hardsigmoid),
      activation("hardswish", hardswish),
      activation("softsign", softsign),
      activation("logsigmoid", logsigmoid),
      activation("tanhshrink", tanhshrink),
      activation("softshrink", [](const Tensor& x) { return softshrink(x, 0.8); }),
      activation("hardshrink", [](const Tensor& x) { return hardshrink(x, 0.8); }),
      activation("threshold", [](const Tensor& x) { return threshold(x, 0.3, -1.25); }),
      activation("rrelu", [](const Tensor& x) { return rrelu(x, 0.2, 0.5); }),
      parametric(x, {.shape = {4}, .low = 0, .high = 0.5}, "prelu"),
      parametric(x, {.shape = {1}, .low = 0, .high = 0.5}, "prelu/one"),
      parametric({.shape = {}, .low = -4, .high = -3}, {.shape = {1}}, "prelu/scalar"),
      {.name = "glu",
       .inputs = {x},
       .run =
           [](auto in) {
             return std::vector{glu(in[0]), glu(in[0], 0)};
           }},
  };
}

}  // namespace

std::vector<OpCase> activations_cases() {
  std::vector<OpCase> cases = {
      activation("relu", relu),
      {.name = "add_relu",
       .inputs = {{.shape = {4, 7}, .low = -4, .high = 4}, {.shape = {4, 7}, .low = -4, .high = 4}},
       .run = [](auto in) { return std::vector{add_relu(in[0], in[1])}; }},
      activation("leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.2); }),
      activation("sigmoid", sigmoid),
      activation("silu", silu),
      activation("gelu", gelu),
      activation("gelu_tanh", gelu_tanh),
      activation("softplus", [](const Tensor& x) { return softplus(x); }),
      activation("softplus/beta", [](const Tensor& x) { return softplus(x, 2.5, 4); }),
  };
  for (OpCase& c : composed_cases()) cases.push_back(std::move(c));
  return cases;
}

}  // namespace strata::opcases
