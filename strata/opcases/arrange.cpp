#include "strata/ops/arrange.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> arrange_cases() {
  const Input cube = {.shape = {2, 3, 4}};
  return {
      {.name = "rot90",
       .inputs = {cube},
       .run =
           [](auto in) {
             return std::vector{rot90(in[0]), rot90(in[0], -2, {2, 0}), rot90(in[0], 3, {1, -1}),
                                rot90(in[0], 4)};
           }},
      {.name = "diag_embed",
       .inputs = {{.shape = {2, 3}}},
       .run =
           [](auto in) {
             return std::vector{diag_embed(in[0]), diag_embed(in[0], 2),
                                diag_embed(in[0], -1, 0, 2), diag_embed(in[0], 1, -1, 0)};
           }},
      {.name = "block_diag",
       .inputs = {{.shape = {2, 3}}, {.shape = {}}, {.shape = {4}}, {.shape = {3, 1}}},
       .run = [](auto in) { return std::vector{block_diag(in)}; }},
      {.name = "cartesian_prod",
       .inputs = {{.shape = {2}}, {.shape = {3}}, {.shape = {4}}},
       .run =
           [](auto in) {
             return std::vector{cartesian_prod(in), cartesian_prod({in[0]})};
           }},
      {.name = "combinations",
       .inputs = {{.shape = {5}}},
       .run =
           [](auto in) {
             return std::vector{combinations(in[0]), combinations(in[0], 3),
                                combinations(in[0], 3, true), combinations(in[0], 6)};
           }},
      {.name = "unravel_index",
       .inputs = {{.shape = {2, 9}, .low = 0, .high = 60, .integer = true}},
       .run =
           [](auto in) {
             return unravel_index(in[0], {5, 3, 4});
           },
       .differentiable = false},
  };
}

}  // namespace strata::opcases
