#include "strata/ops/sort.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

/// In bf16 other elements may come first.
template <class F>
OpCase ordered(std::string name, Input input, F f, bool differentiable = true) {
  return {.name = std::move(name),
          .inputs = {input},
          .run = [f](auto in) { return f(in[0]); },
          .bf16_tolerance = 0,
          .differentiable = differentiable};
}

std::vector<Tensor> both(const Sorted& s) { return {s.values, s.indices}; }

}  // namespace

std::vector<OpCase> sort_cases() {
  const Input cube = {.shape = {3, 5, 4}, .low = -2, .high = 2};
  const Input row = {.shape = {1, 200}, .low = -2, .high = 2};
  const Input ties = {.shape = {4, 200}, .low = -5, .high = 5, .integer = true};
  const Input numbers = {.shape = {3, 7}, .low = -2, .high = 2, .grad = false};
  const auto search = [&](std::string name, Input sorted, Input values, bool right) {
    return OpCase{
        .name = std::move(name),
        .inputs = {sorted, values},
        .run = [right](
                   auto in) { return std::vector{searchsorted(sort(in[0]).values, in[1], right)}; },
        .bf16_tolerance = 0,
        .differentiable = false};
  };
  return {
      ordered("sort", cube, [](const Tensor& x) { return both(sort(x)); }),
      ordered("sort/middle", cube, [](const Tensor& x) { return both(sort(x, 1, true)); }),
      ordered(
          "sort/long", row, [](const Tensor& x) { return both(sort(x, 1, true)); }, false),
      ordered(
          "sort/ties", ties, [](const Tensor& x) { return both(sort(x)); }, false),
      ordered(
          "argsort/ties", ties, [](const Tensor& x) { return std::vector{argsort(x, -1, true)}; },
          false),
      search("searchsorted", numbers, {.shape = {3, 4}, .low = -3, .high = 3}, false),
      search("searchsorted/one_row", {.shape = {9}, .low = -2, .high = 2}, numbers, false),
      search("searchsorted/left", {.shape = {40}, .low = -9, .high = 9, .integer = true}, ties,
             false),
      search("searchsorted/right", {.shape = {40}, .low = -9, .high = 9, .integer = true}, ties,
             true),
      {.name = "isin",
       .inputs = {ties, {.shape = {2, 3}, .low = -9, .high = 9, .integer = true}},
       .run =
           [](auto in) {
             return std::vector{isin(in[0], in[1]), isin(in[0], in[1], true)};
           },
       .bf16_tolerance = 0,
       .differentiable = false},
      {.name = "bucketize",
       .inputs = {ties, {.shape = {9}, .low = -4, .high = 4, .integer = true}},
       .run = [](auto in) { return std::vector{bucketize(in[0], sort(in[1]).values, true)}; },
       .bf16_tolerance = 0,
       .differentiable = false},
  };
}

}  // namespace strata::opcases
