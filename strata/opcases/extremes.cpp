#include "strata/ops/extremes.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

std::vector<Tensor> both(const Extremes& e) { return {e.values, e.indices}; }

/// In bf16 other elements may come first.
template <class F>
OpCase with_indices(const char* name, F f) {
  return {.name = name,
          .inputs = {{.shape = {3, 4, 6}, .low = -2, .high = 2}},
          .run = [f](auto in) { return both(f(in[0])); },
          .bf16_tolerance = 0};
}

OpCase positions(const char* name, const Input& input, Tensor (*f)(const Tensor&)) {
  return {.name = name,
          .inputs = {input},
          .run = [f](auto in) { return std::vector{f(in[0])}; },
          .bf16_tolerance = 0,
          .differentiable = false};
}

}  // namespace

std::vector<OpCase> extremes_cases() {
  const Input cube = {.shape = {3, 4, 6}, .low = -2, .high = 2};
  const Input ties = {.shape = {5, 8}, .low = 0, .high = 3, .integer = true};
  return {
      {.name = "amax",
       .inputs = {cube},
       .run =
           [](auto in) {
             return std::vector{amax(in[0], {0, 2})};
           }},
      {.name = "amin",
       .inputs = {cube},
       .run = [](auto in) { return std::vector{amin(in[0], {1}, true)}; }},
      {.name = "max",
       .inputs = {cube},
       .run =
           [](auto in) {
             return std::vector{max(in[0]), min(in[0])};
           }},
      with_indices("max/last", [](const Tensor& x) { return max(x, -1); }),
      with_indices("max/middle", [](const Tensor& x) { return max(x, 1, true); }),
      with_indices("min/first", [](const Tensor& x) { return min(x, 0); }),
      with_indices("topk", [](const Tensor& x) { return topk(x, 3); }),
      with_indices("topk/smallest", [](const Tensor& x) { return topk(x, 2, 1, false); }),
      positions("argmax", cube, [](const Tensor& x) { return argmax(x); }),
      positions("argmax/axis", cube, [](const Tensor& x) { return argmax(x, 1, true); }),
      positions("argmax/ties", ties, [](const Tensor& x) { return argmax(x, -1); }),
      positions("argmin/ties", ties, [](const Tensor& x) { return argmin(x, 0); }),
  };
}

}  // namespace strata::opcases
