#include "strata/ops/statistics.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

std::vector<Tensor> both(const Extremes& e) { return {e.values, e.indices}; }

}  // namespace

std::vector<OpCase> statistics_cases() {
  // bincount and histc have no result on the meta device: tests/ops/statistics_test.cpp.
  const std::vector<Input> cube = {{.shape = {3, 7, 4}, .low = -2, .high = 2}};
  const std::vector<Input> table = {{.shape = {3, 9}, .low = -2, .high = 2}};
  return {
      {.name = "kthvalue",
       .inputs = cube,
       .run = [](auto in) { return both(kthvalue(in[0], 3, 1)); },
       .bf16_tolerance = 0},
      {.name = "kthvalue/keep",
       .inputs = cube,
       .run = [](auto in) { return both(kthvalue(in[0], 4, -1, true)); },
       .bf16_tolerance = 0},
      {.name = "nanmedian",
       .inputs = cube,
       .run = [](auto in) { return both(nanmedian(in[0], 1, true)); },
       .bf16_tolerance = 0},
      {.name = "nanmedian/all",
       .inputs = table,
       .run = [](auto in) { return std::vector{nanmedian(in[0])}; },
       .bf16_tolerance = 0},
      {.name = "aminmax",
       .inputs = cube,
       .run =
           [](auto in) {
             const MinMax rows = aminmax(in[0], 1), all = aminmax(in[0]);
             return std::vector{rows.min, rows.max, all.min, all.max};
           },
       .bf16_tolerance = 0},
      {.name = "mode",
       .inputs = {{.shape = {5, 12}, .low = 0, .high = 4, .integer = true}},
       .run = [](auto in) { return both(mode(in[0])); },
       .differentiable = false},
      {.name = "mode/different",
       .inputs = cube,
       .run = [](auto in) { return both(mode(in[0], 1, true)); },
       .bf16_tolerance = 0},
      {.name = "cov",
       .inputs = table,
       .run =
           [](auto in) {
             return std::vector{cov(in[0]), cov(in[0], 0)};
           }},
      {.name = "cov/one",
       .inputs = {{.shape = {9}}},
       .run = [](auto in) { return std::vector{cov(in[0])}; }},
      {.name = "corrcoef",
       .inputs = table,
       .run = [](auto in) { return std::vector{corrcoef(in[0])}; },
       .differentiable = false},
  };
}

}  // namespace strata::opcases
