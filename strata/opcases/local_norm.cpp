#include "strata/ops/local_norm.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> local_norm_cases() {
  return {
      {.name = "instance_norm",
       .inputs = {{.shape = {2, 3, 4, 5}}, {.shape = {5}}, {.shape = {5}}},
       .run = [](auto in) { return std::vector{instance_norm(in[0], in[1], in[2])}; },
       .bf16_tolerance = 4e-2},
      {.name = "instance_norm/plain",
       .inputs = {{.shape = {2, 6, 3}}},
       .run = [](auto in) { return std::vector{instance_norm(in[0], {}, {}, 1e-3)}; },
       .bf16_tolerance = 4e-2},
      {.name = "local_response_norm",
       .inputs = {{.shape = {2, 2, 3, 7}, .low = -3, .high = 3}},
       .run = [](auto in) { return std::vector{local_response_norm(in[0], {.alpha = 0.5})}; }},
      {.name = "local_response_norm/even",
       .inputs = {{.shape = {2, 3, 5}, .low = -3, .high = 3}},
       .run =
           [](auto in) {
             return std::vector{
                 local_response_norm(in[0], {.size = 4, .alpha = 2, .beta = 0.5, .k = 2})};
           }},
  };
}

}  // namespace strata::opcases
