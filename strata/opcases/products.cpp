#include "strata/ops/products.h"

#include "strata/opcases/op_case.h"
#include "strata/ops/views.h"

namespace strata::opcases {

std::vector<OpCase> products_cases() {
  return {
      {.name = "trace",
       .inputs = {{.shape = {3, 5}}},
       .run = [](auto in) { return std::vector{trace(in[0])}; }},
      {.name = "cross",
       .inputs = {{.shape = {2, 1, 3}}, {.shape = {4, 3}}},
       .run = [](auto in) { return std::vector{cross(in[0], unsqueeze(in[1], 0))}; }},
      {.name = "cross/axis1",
       .inputs = {{.shape = {2, 3, 4}}, {.shape = {2, 3, 1}}},
       .run = [](auto in) { return std::vector{cross(in[0], in[1], 1)}; }},
      {.name = "tensordot",
       .inputs = {{.shape = {2, 3, 4}}, {.shape = {3, 4, 5}}},
       .run =
           [](auto in) {
             return std::vector{tensordot(in[0], in[1]), tensordot(in[0], in[1], 0)};
           }},
      {.name = "tensordot/axes",
       .inputs = {{.shape = {2, 3, 4}}, {.shape = {4, 5, 2}}},
       .run =
           [](auto in) {
             return std::vector{tensordot(in[0], in[1], {-1, 0}, {0, 2})};
           }},
      {.name = "kron",
       .inputs = {{.shape = {2, 3}}, {.shape = {2, 4, 2}}},
       .run =
           [](auto in) {
             return std::vector{kron(in[0], in[1]), kron(in[1], in[0])};
           }},
  };
}

}  // namespace strata::opcases
