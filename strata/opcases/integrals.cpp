#include "strata/ops/integrals.h"

#include "strata/opcases/op_case.h"
#include "strata/ops/views.h"

namespace strata::opcases {

std::vector<OpCase> integrals_cases() {
  const Input y = {.shape = {2, 5, 3}};
  return {
      {.name = "trapezoid",
       .inputs = {y},
       .run =
           [](auto in) {
             return std::vector{trapezoid(in[0]), trapezoid(in[0], 0.5, 1)};
           }},
      {.name = "trapezoid/at",
       .inputs = {y, {.shape = {5}}, {.shape = {5, 1}}},
       .run =
           [](auto in) {
             return std::vector{trapezoid(in[0], in[1], 1), trapezoid(in[0], in[2], -2),
                                trapezoid(select(select(in[0], 0, 0), 1, 0), in[1])};
           },
       .bf16_tolerance = 5e-2},
      {.name = "cumulative_trapezoid",
       .inputs = {y, {.shape = {5}}},
       .run =
           [](auto in) {
             return std::vector{cumulative_trapezoid(in[0], 2, 0),
                                cumulative_trapezoid(in[0], in[1], 1)};
           },
       .bf16_tolerance = 5e-2},
  };
}

}  // namespace strata::opcases
