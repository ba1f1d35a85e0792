#include "strata/ops/indexing.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> indexing_cases() {
  const auto index = [](Shape shape, double size) {
    return Input{.shape = shape, .low = 0, .high = size, .integer = true};
  };
  return {
      {.name = "gather/axis0",
       .inputs = {{.shape = {5, 3}}, index({4, 2}, 5)},
       .run = [](auto in) { return std::vector{gather(in[0], 0, in[1])}; }},
      {.name = "gather/middle",
       .inputs = {{.shape = {2, 6, 4}}, index({2, 3, 3}, 6)},
       .run = [](auto in) { return std::vector{gather(in[0], 1, in[1])}; }},
      {.name = "gather/last",
       .inputs = {{.shape = {3, 7}}, index({3, 9}, 7)},
       .run = [](auto in) { return std::vector{gather(in[0], -1, in[1])}; }},
      {.name = "scatter_add/axis0",
       .inputs = {{.shape = {4, 3}}, index({6, 3}, 4), {.shape = {6, 3}}},
       .run = [](auto in) { return std::vector{scatter_add(in[0], 0, in[1], in[2])}; }},
      {.name = "scatter_add/last",
       .inputs = {{.shape = {2, 3, 5}}, index({2, 2, 8}, 5), {.shape = {2, 2, 8}}},
       .run = [](auto in) { return std::vector{scatter_add(in[0], 2, in[1], in[2])}; }},
      {.name = "index_select/axis0",
       .inputs = {{.shape = {5, 3}}, index({7}, 5)},
       .run = [](auto in) { return std::vector{index_select(in[0], 0, in[1])}; }},
      {.name = "index_select/middle",
       .inputs = {{.shape = {2, 5, 3}}, index({4}, 5)},
       .run = [](auto in) { return std::vector{index_select(in[0], 1, in[1])}; }},
      {.name = "embedding",
       .inputs = {{.shape = {6, 4}}, index({3, 5}, 6)},
       .run = [](auto in) { return std::vector{embedding(in[0], in[1])}; }},
      {.name = "one_hot",
       .inputs = {index({3, 4}, 5)},
       .run = [](auto in) { return std::vector{one_hot(in[0], 6)}; },
       .differentiable = false},
      {.name = "flip",
       .inputs = {{.shape = {3, 2, 4}}},
       .run =
           [](auto in) {
             return std::vector{flip(in[0], {0, -1})};
           }},
  };
}

}  // namespace strata::opcases
