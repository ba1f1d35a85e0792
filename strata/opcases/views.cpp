#include "strata/ops/views.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> views_cases() {
  const std::vector<Input> cube = {{.shape = {2, 3, 4}}};
  return {
      {.name = "reshape",
       .inputs = cube,
       .run =
           [](auto in) {
             return std::vector{reshape(in[0], {4, -1})};
           }},
      {.name = "reshape/permuted",
       .inputs = cube,
       .run =
           [](auto in) {
             return std::vector{reshape(permute(in[0], {1, 2, 0}), {6, 4})};
           }},
      {.name = "flatten",
       .inputs = cube,
       .run = [](auto in) { return std::vector{flatten(in[0], 1)}; }},
      {.name = "permute",
       .inputs = cube,
       .run =
           [](auto in) {
             return std::vector{permute(in[0], {2, 0, 1})};
           }},
      {.name = "transpose",
       .inputs = cube,
       .run = [](auto in) { return std::vector{transpose(in[0], 0, -1)}; }},
      {.name = "unflatten",
       .inputs = {{.shape = {2, 12}}},
       .run =
           [](auto in) {
             return std::vector{unflatten(in[0], -1, {3, -1})};
           }},
      {.name = "movedim",
       .inputs = cube,
       .run =
           [](auto in) {
             return std::vector{movedim(in[0], 0, -1), movedim(in[0], {2, 0}, {0, 1})};
           }},
      {.name = "slice",
       .inputs = {{.shape = {7, 3}}},
       .run = [](auto in) { return std::vector{slice(in[0], 0, 1, -1, 2)}; }},
      {.name = "select",
       .inputs = cube,
       .run = [](auto in) { return std::vector{select(in[0], 1, -1)}; }},
      {.name = "expand",
       .inputs = {{.shape = {3, 1}}},
       .run =
           [](auto in) {
             return std::vector{expand(in[0], {2, 3, 4})};
           }},
      {.name = "squeeze",
       .inputs = {{.shape = {1, 3, 1, 2}}},
       .run =
           [](auto in) {
             return std::vector{squeeze(in[0]), squeeze(in[0], 2)};
           }},
      {.name = "unsqueeze",
       .inputs = {{.shape = {3, 2}}},
       .run =
           [](auto in) {
             return std::vector{unsqueeze(in[0], -1), unsqueeze(in[0], 1)};
           }},
      {.name = "diagonal",
       .inputs = cube,
       .run = [](auto in) { return std::vector{diagonal(in[0], 1, -1, 0)}; }},
      {.name = "diag",
       .inputs = {{.shape = {3}}},
       .run =
           [](auto in) {
             return std::vector{diag(in[0]), diag(in[0], -2)};
           }},
      {.name = "diag/matrix",
       .inputs = {{.shape = {3, 5}}},
       .run =
           [](auto in) {
             return std::vector{diag(in[0]), diag(in[0], 3)};
           }},
  };
}

}  // namespace strata::opcases
