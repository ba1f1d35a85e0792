#include "strata/ops/compare.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

/// On small integers, where ties are many. bf16 has nothing to add to them.
OpCase comparison(const char* name, Tensor (*op)(const Operand&, const Operand&)) {
  const Input small = {.shape = {4, 5}, .low = 0, .high = 3, .integer = true};
  const Input row = {.shape = {5}, .low = 0, .high = 3, .integer = true};
  return {.name = name,
          .inputs = {small, row},
          .run = [op](auto in) { return std::vector{op(in[0], in[1])}; },
          .differentiable = false};
}

OpCase test(const char* name, Tensor (*op)(const Tensor&)) {
  return {.name = name,
          .inputs = {{.shape = {4, 5}}},
          .run = [op](auto in) { return std::vector{op(in[0])}; },
          .differentiable = false};
}

}  // namespace

std::vector<OpCase> compare_cases() {
  return {
      comparison("eq", eq),
      comparison("ne", ne),
      comparison("lt", lt),
      comparison("le", le),
      comparison("gt", gt),
      comparison("ge", ge),
      comparison("logical_and", logical_and),
      comparison("logical_or", logical_or),
      comparison("logical_xor", logical_xor),
      {.name = "gt/floating",
       .inputs = {{.shape = {4, 5}}, {.shape = {4, 1}}},
       .run = [](auto in) { return std::vector{in[0] > in[1]}; },
       .differentiable = false},
      test("logical_not", logical_not),
      test("isnan", isnan),
      test("isinf", isinf),
      test("isfinite", isfinite),
  };
}

}  // namespace strata::opcases
