#include "strata/ops/closeness.h"

#include "strata/opcases/op_case.h"
#include "strata/ops/arithmetic.h"

namespace strata::opcases {

std::vector<OpCase> closeness_cases() {
  return {
      {.name = "isclose",
       .inputs = {{.shape = {4, 6}}, {.shape = {6}, .low = -0.1, .high = 0.1}},
       .run = [](auto in) { return std::vector{isclose(in[0], in[0] + in[1], 0.05, 0.02)}; },
       .bf16_tolerance = 0,
       .differentiable = false},
  };
}

}  // namespace strata::opcases
