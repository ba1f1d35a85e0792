#include "strata/ops/sequences.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> sequences_cases() {
  return {
      {.name = "pad_sequence",
       .inputs = {{.shape = {3, 2}}, {.shape = {0, 2}}, {.shape = {5, 2}}},
       .run = [](auto in) { return std::vector{pad_sequence(in, -1.5)}; }},
      {.name = "sequence_mask",
       .inputs = {{.shape = {4}, .low = 0, .high = 6, .integer = true}},
       .run = [](auto in) { return std::vector{sequence_mask(in[0], 5)}; },
       .differentiable = false},
  };
}

}  // namespace strata::opcases
