#include "strata/ops/distances.h"

#include <limits>
#include <utility>

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> distances_cases() {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Input cube = {.shape = {3, 4, 5}, .low = -2, .high = 2};
  // In bf16 other differences may be the largest ones, and signs may change.
  const auto pairs = [](std::string name, Shape a, Shape b, double p) {
    return OpCase{.name = std::move(name),
                  .inputs = {{.shape = a, .low = -2, .high = 2}, {.shape = b}},
                  .run = [p](auto in) { return std::vector{cdist(in[0], in[1], p)}; },
                  .bf16_tolerance = p == 2 ? 2e-2 : 0};
  };
  const auto of_pairs = [](std::string name, Shape x, double p) {
    return OpCase{.name = std::move(name),
                  .inputs = {{.shape = x}},
                  .run = [p](auto in) { return std::vector{pdist(in[0], p)}; },
                  .bf16_tolerance = p == 2 ? 2e-2 : 0};
  };
  return {
      {.name = "normalize",
       .inputs = {cube},
       .run =
           [](auto in) {
             return std::vector{normalize(in[0]), normalize(in[0], 3, 1)};
           }},
      pairs("cdist", {2, 6, 5}, {2, 7, 5}, 2),
      pairs("cdist/broadcast", {2, 1, 3, 4}, {3, 5, 4}, 2),
      pairs("cdist/wide", {5, 19}, {18, 19}, 2),
      pairs("cdist/p1", {6, 5}, {7, 5}, 1),
      pairs("cdist/p3", {6, 5}, {7, 5}, 3),
      pairs("cdist/infinity", {6, 5}, {19, 5}, kInfinity),
      of_pairs("pdist", {6, 3}, 2),
      of_pairs("pdist/wide", {19, 18}, 2),
      of_pairs("pdist/p1", {7, 5}, 1),
      of_pairs("pdist/p3", {7, 5}, 3),
      of_pairs("pdist/infinity", {19, 5}, kInfinity),
  };
}

}  // namespace strata::opcases
