#include "strata/ops/copy.h"

#include "strata/opcases/op_case.h"
#include "strata/ops/views.h"

namespace strata::opcases {

std::vector<OpCase> copy_cases() {
  return {
      {.name = "copy",
       .inputs = {{.shape = {3, 4}}},
       .run = [](auto in) { return std::vector{copy(in[0])}; }},
      {.name = "contiguous",
       .inputs = {{.shape = {2, 3, 4}}},
       .run =
           [](auto in) {
             return std::vector{contiguous(permute(in[0], {2, 0, 1}))};
           }},
  };
}

}  // namespace strata::opcases
