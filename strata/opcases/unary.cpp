#include "strata/ops/unary.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

OpCase unary(const char* name, double low, double high, Tensor (*op)(const Tensor&)) {
  return {.name = name,
          .inputs = {{.shape = {3, 5}, .low = low, .high = high}},
          .run = [op](auto in) { return std::vector{op(in[0])}; }};
}

}  // namespace

std::vector<OpCase> unary_cases() {
  return {
      unary("exp", -4, 4, exp),
      unary("expm1", -4, 4, expm1),
      unary("log", 0.1, 4, log),
      unary("log1p", -0.9, 4, log1p),
      unary("sqrt", 0.1, 4, sqrt),
      unary("rsqrt", 0.1, 4, rsqrt),
      unary("reciprocal", 0.2, 4, reciprocal),
      unary("sin", -7, 7, sin),
      unary("cos", -7, 7, cos),
      unary("tanh", -3, 3, tanh),
      unary("erf", -3, 3, erf),
      unary("neg", -4, 4, neg),
      unary("abs", -4, 4, abs),
      unary("square", -4, 4, square),
      unary("sign", -4, 4, sign),
      unary("floor", -4, 4, floor),
      unary("ceil", -4, 4, ceil),
      unary("round", -4, 4, round),
  };
}

}  // namespace strata::opcases
