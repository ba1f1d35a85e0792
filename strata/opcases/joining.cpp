#include "strata/ops/joining.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> joining_cases() {
  return {
      {.name = "concat",
       .inputs = {{.shape = {2, 3}}, {.shape = {2, 1}}, {.shape = {2, 4}}},
       .run = [](auto in) { return std::vector{concat(in, 1)}; }},
      {.name = "stack",
       .inputs = {{.shape = {2, 3}}, {.shape = {2, 3}}},
       .run = [](auto in) { return std::vector{stack(in, -1)}; }},
      {.name = "split",
       .inputs = {{.shape = {7, 3}}},
       .run =
           [](auto in) {
             return split(in[0], {2, 1, 4}, 0);
           }},
      {.name = "split/even",
       .inputs = {{.shape = {2, 7}}},
       .run = [](auto in) { return split(in[0], 3, 1); }},
      {.name = "chunk",
       .inputs = {{.shape = {7, 2}}},
       .run = [](auto in) { return chunk(in[0], 3, 0); }},
  };
}

}  // namespace strata::opcases
