#include "strata/ops/bilinear.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> bilinear_cases() {
  return {
      {.name = "bilinear",
       .inputs = {{.shape = {2, 3, 4}}, {.shape = {2, 3, 5}}, {.shape = {6, 4, 5}}, {.shape = {6}}},
       .run = [](auto in) { return std::vector{bilinear(in[0], in[1], in[2], in[3])}; }},
      {.name = "bilinear/no_bias",
       .inputs = {{.shape = {7}}, {.shape = {1}}, {.shape = {3, 7, 1}}},
       .run = [](auto in) { return std::vector{bilinear(in[0], in[1], in[2])}; }},
  };
}

}  // namespace strata::opcases
