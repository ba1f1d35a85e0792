#include "strata/ops/indexing.h"

#include "strata/opcases/op_case.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"

namespace strata::opcases {
namespace {

/// Index 2 * row + value: no place twice, so that the order of writing does not matter.
Tensor by_row(const Tensor& index) {
  return index + 2 * unsqueeze(arange(0, 2, 1, DType::i64, index.device()), 1);
}

/// In bf16 other elements may be the extreme ones.
OpCase reduced(std::string name, ScatterReduce reduce, bool include_self) {
  const bool extreme = reduce == ScatterReduce::amax || reduce == ScatterReduce::amin;
  return {.name = std::move(name),
          .inputs = {{.shape = {4, 3}, .low = 0.5, .high = 2},
                     {.shape = {6, 3}, .low = 0, .high = 4, .integer = true},
                     {.shape = {6, 3}, .low = 0.5, .high = 2}},
          .run =
              [=](auto in) {
                return std::vector{scatter_reduce(in[0], 0, in[1], in[2], reduce, include_self)};
              },
          .bf16_tolerance = extreme ? 0 : 2e-2};
}

}  // namespace

std::vector<OpCase> indexing_cases() {
  const auto index = [](Shape shape, double size) {
    return Input{.shape = shape, .low = 0, .high = size, .integer = true};
  };
  const Input distinct = index({2, 3}, 2);
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
      {.name = "scatter/axis0",
       .inputs = {{.shape = {4, 3}}, distinct, {.shape = {2, 3}}},
       .run = [](auto in) { return std::vector{scatter(in[0], 0, by_row(in[1]), in[2])}; }},
      {.name = "scatter/number",
       .inputs = {{.shape = {2, 5}}, index({2, 3}, 5)},
       .run = [](auto in) { return std::vector{scatter(in[0], 1, in[1], 2.5)}; }},
      reduced("scatter_reduce/sum", ScatterReduce::sum, false),
      reduced("scatter_reduce/prod", ScatterReduce::prod, true),
      reduced("scatter_reduce/prod_others", ScatterReduce::prod, false),
      reduced("scatter_reduce/mean", ScatterReduce::mean, true),
      reduced("scatter_reduce/mean_others", ScatterReduce::mean, false),
      reduced("scatter_reduce/amax", ScatterReduce::amax, true),
      reduced("scatter_reduce/amax_others", ScatterReduce::amax, false),
      reduced("scatter_reduce/amin", ScatterReduce::amin, true),
      reduced("scatter_reduce/amin_others", ScatterReduce::amin, false),
      {.name = "index_add",
       .inputs = {{.shape = {2, 4, 3}}, index({6}, 4), {.shape = {2, 6, 3}}},
       .run = [](auto in) { return std::vector{index_add(in[0], 1, in[1], in[2], -1.5)}; }},
  };
}

}  // namespace strata::opcases
