#include "strata/ops/pad.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> pad_cases() {
  return {
      {.name = "pad",
       .inputs = {{.shape = {2, 3, 4}}},
       .run =
           [](auto in) {
             return std::vector{pad(in[0], {{1, 1, 2}, {2, 0, 3}}, 0.5)};
           }},
      {.name = "pad/crop",
       .inputs = {{.shape = {3, 5, 2}}},
       .run =
           [](auto in) {
             return std::vector{pad(in[0], {{0, -1, 2}, {1, -2, -1}})};
           }},
  };
}

}  // namespace strata::opcases
