#include "strata/ops/view_scatter.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> view_scatter_cases() {
  const Input cube = {.shape = {4, 3, 5}};
  return {
      {.name = "select_scatter",
       .inputs = {cube, {.shape = {4, 5}}, {.shape = {3, 5}}},
       .run =
           [](auto in) {
             return std::vector{select_scatter(in[0], in[1], 1, -1),
                                select_scatter(in[0], in[2], 0, 2)};
           }},
      {.name = "slice_scatter",
       .inputs = {cube, {.shape = {4, 3, 2}}, {.shape = {2, 3, 5}}},
       .run =
           [](auto in) {
             return std::vector{slice_scatter(in[0], in[1], -1, 1, -1, 2),
                                slice_scatter(in[0], in[2], 0, 2)};
           }},
      {.name = "diagonal_scatter",
       .inputs = {cube, {.shape = {3, 4}}, {.shape = {5, 2}}},
       .run =
           [](auto in) {
             return std::vector{diagonal_scatter(in[0], in[1], 1, 0, 2),
                                diagonal_scatter(in[0], in[2], -2)};
           }},
  };
}

}  // namespace strata::opcases
