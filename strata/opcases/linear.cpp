#include "strata/ops/linear.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

OpCase case_of(const char* name, const Shape& x, const Shape& w, Activation activation) {
  return {.name = name,
          .inputs = {{.shape = x}, {.shape = w}, {.shape = {w[0]}}},
          .run = [activation](auto in) {
            return std::vector{linear(in[0], in[1], in[2], activation)};
          }};
}

}  // namespace

std::vector<OpCase> linear_cases() {
  std::vector<OpCase> cases = {
      case_of("linear", {6, 5}, {4, 5}, Activation::none),
      case_of("linear/vector", {5}, {4, 5}, Activation::none),
      case_of("linear/batch", {2, 3, 5}, {4, 5}, Activation::none),
      case_of("linear/no_rows", {0, 5}, {4, 5}, Activation::none),
      case_of("linear/no_inner", {3, 0}, {4, 0}, Activation::none),
      case_of("linear/wide", {7, 10}, {17, 10}, Activation::none),
      case_of("linear/relu", {6, 5}, {4, 5}, Activation::relu),
      case_of("linear/sigmoid", {6, 5}, {4, 5}, Activation::sigmoid),
      case_of("linear/tanh", {2, 3, 5}, {4, 5}, Activation::tanh),
      case_of("linear/gelu", {6, 5}, {4, 5}, Activation::gelu_erf),
      case_of("linear/gelu_tanh", {6, 5}, {4, 5}, Activation::gelu_tanh),
      case_of("linear/silu", {6, 5}, {4, 5}, Activation::silu),
  };
  cases.push_back({.name = "linear/no_bias",
                   .inputs = {{.shape = {6, 5}}, {.shape = {4, 5}}},
                   .run = [](auto in) { return std::vector{linear(in[0], in[1])}; }});
  return cases;
}

}  // namespace strata::opcases
