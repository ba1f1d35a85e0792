#include "strata/ops/unary.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> unary_cases() {
  return {
      {.name = "exp",
       .inputs = {{.shape = {3, 5}, .low = -4, .high = 4}},
       .run = [](auto in) { return std::vector{exp(in[0])}; }},
  };
}

}  // namespace strata::opcases
