#include "strata/ops/products.h"

#include "strata/opcases/op_case.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
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
      {.name = "multi_dot",
       .inputs = {{.shape = {2, 6}}, {.shape = {6, 3}}, {.shape = {3, 5}}, {.shape = {5, 4}}},
       .run = [](auto in) { return std::vector{multi_dot(in)}; }},
      {.name = "multi_dot/vectors",
       .inputs = {{.shape = {6}}, {.shape = {6, 3}}, {.shape = {3}}},
       .run =
           [](auto in) {
             return std::vector{multi_dot(in), multi_dot({in[0], in[1]}), multi_dot({in[1], in[2]}),
                                multi_dot({in[2], in[2]})};
           }},
      {.name = "matrix_power",
       .inputs = {{.shape = {2, 3, 3}}},
       .run =
           [](auto in) {
             return std::vector{matrix_power(in[0], 5), matrix_power(in[0], 1),
                                matrix_power(in[0], 0)};
           }},
      {.name = "matrix_power/inverse",
       .inputs = {{.shape = {2, 3, 3}}},
       .run =
           [](auto in) {
             const Tensor a = in[0] + 3 * eye(3, in[0].dtype(), in[0].device());
             return std::vector{matrix_power(a, -3)};
           },
       .tolerance = 1e-4,
       .bf16_tolerance = 0},
  };
}

}  // namespace strata::opcases
