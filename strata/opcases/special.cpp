#include "strata/ops/special.h"

#include <utility>

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

OpCase unary(const char* name, double low, double high, Tensor (*op)(const Tensor&)) {
  return {.name = name,
          .inputs = {{.shape = {3, 5}, .low = low, .high = high}},
          .run = [op](auto in) { return std::vector{op(in[0])}; }};
}

OpCase binary(const char* name, double low, double high,
              Tensor (*op)(const Operand&, const Operand&)) {
  return {.name = name,
          .inputs = {{.shape = {3, 5}, .low = low, .high = high},
                     {.shape = {5}, .low = low, .high = high}},
          .run = [op](auto in) { return std::vector{op(in[0], in[1])}; }};
}

std::vector<OpCase> pair_cases() {
  const Input x = {.shape = {3, 5}, .low = -3, .high = 3};
  // A step of a floor would part bf16's answers from the reference.
  const Input a = {.shape = {3, 5}, .low = -7, .high = 7};
  const Input b = {.shape = {5}, .low = 2, .high = 3};
  return {
      binary("atan2", -3, 3, atan2),
      binary("hypot", -3, 3, hypot),
      binary("logaddexp", -3, 3, logaddexp),
      binary("xlogy", 0.1, 3, xlogy),
      binary("fmax", -3, 3, fmax),
      binary("fmin", -3, 3, fmin),
      {.name = "fmod",
       .inputs = {a, b},
       .run =
           [](auto in) {
             return std::vector{fmod(in[0], in[1]), fmod(in[0], -2.5)};
           },
       .bf16_tolerance = 0},
      {.name = "remainder",
       .inputs = {a, b},
       .run =
           [](auto in) {
             return std::vector{remainder(in[0], in[1]), remainder(in[0], -2.5)};
           },
       .bf16_tolerance = 0},
      {.name = "lerp",
       .inputs = {x, {.shape = {5}}, {.shape = {3, 1}, .low = -0.2, .high = 1.2}},
       .run =
           [](auto in) {
             return std::vector{lerp(in[0], in[1], in[2]), lerp(in[0], in[1], 0.75)};
           }},
      {.name = "polygamma",
       .inputs = {{.shape = {3, 5}, .low = 0.4, .high = 4}},
       .run =
           [](auto in) {
             return std::vector{polygamma(1, in[0]), polygamma(2, in[0])};
           }},
      {.name = "igamma",
       .inputs = {{.shape = {3, 5}, .low = 0.3, .high = 6, .grad = false},
                  {.shape = {5}, .low = 0.2, .high = 5}},
       .run =
           [](auto in) {
             return std::vector{igamma(in[0], in[1]), igammac(in[0], in[1])};
           }},
      {.name = "nan_to_num",
       .inputs = {x},
       .run = [](auto in) { return std::vector{nan_to_num(in[0])}; }},
  };
}

}  // namespace

std::vector<OpCase> special_cases() {
  std::vector<OpCase> cases = {
      unary("tan", -1.2, 1.2, tan),
      unary("asin", -0.9, 0.9, asin),
      unary("acos", -0.9, 0.9, acos),
      unary("atan", -4, 4, atan),
      unary("sinh", -3, 3, sinh),
      unary("cosh", -3, 3, cosh),
      unary("asinh", -4, 4, asinh),
      unary("acosh", 1.2, 4, acosh),
      unary("atanh", -0.9, 0.9, atanh),
      unary("log2", 0.1, 4, log2),
      unary("log10", 0.1, 4, log10),
      unary("exp2", -4, 4, exp2),
      unary("erfc", -3, 3, erfc),
      unary("erfinv", -0.9, 0.9, erfinv),
      unary("lgamma", 0.3, 6, lgamma),
      unary("digamma", 0.3, 6, digamma),
      unary("i0", -4, 4, i0),
      unary("i0e", -4, 4, i0e),
      unary("i1", -4, 4, i1),
      unary("i1e", -4, 4, i1e),
      unary("logit", 0.05, 0.95, [](const Tensor& x) { return logit(x); }),
      unary("logit/eps", 0.02, 0.98, [](const Tensor& x) { return logit(x, 0.2); }),
      unary("trunc", -4, 4, trunc),
      unary("frac", -4, 4, frac),
  };
  for (OpCase& c : pair_cases()) cases.push_back(std::move(c));
  return cases;
}

}  // namespace strata::opcases
