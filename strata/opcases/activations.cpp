#include "strata/ops/activations.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

template <class F>
OpCase activation(const char* name, F op) {
  return {.name = name, .inputs = {{.shape = {4, 7}, .low = -4, .high = 4}}, .run = [op](auto in) {
            return std::vector{op(in[0])};
          }};
}

}  // namespace

std::vector<OpCase> activations_cases() {
  return {
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
}

}  // namespace strata::opcases
