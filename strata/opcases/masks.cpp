#include "strata/ops/masks.h"

#include "strata/opcases/op_case.h"
#include "strata/ops/compare.h"

namespace strata::opcases {

std::vector<OpCase> masks_cases() {
  // nonzero and masked_select have no shape on the meta device: tests/ops/masks_test.cpp.
  const auto flags = [](Shape shape) { return Input{.shape = shape, .grad = false}; };
  return {
      {.name = "masked_scatter",
       .inputs = {{.shape = {3, 5}}, flags({3, 5}), {.shape = {4, 4}}},
       .run = [](auto in) { return std::vector{masked_scatter(in[0], in[1] > 0, in[2])}; }},
      {.name = "masked_scatter/broadcast",
       .inputs = {{.shape = {4, 1, 3}}, flags({5, 1}), {.shape = {60}}},
       .run = [](auto in) { return std::vector{masked_scatter(in[0], in[1] > 0, in[2])}; }},
      {.name = "count_nonzero",
       .inputs = {{.shape = {3, 4, 5}, .low = -1, .high = 2, .integer = true}},
       .run =
           [](auto in) {
             return std::vector{count_nonzero(in[0]), count_nonzero(in[0], {0, -1}),
                                count_nonzero(in[0], {1}, true)};
           },
       .differentiable = false},
  };
}

}  // namespace strata::opcases
