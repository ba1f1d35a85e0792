#include "strata/ops/pseudo_inverse.h"

#include <utility>

#include "strata/opcases/op_case.h"
#include "strata/ops/matmul.h"

namespace strata::opcases {

std::vector<OpCase> pseudo_inverse_cases() {
  const auto with = [](const char* name, std::vector<Input> inputs, auto run) {
    return OpCase{.name = name,
                  .inputs = std::move(inputs),
                  .run = run,
                  .tolerance = 1e-4,
                  .bf16_tolerance = 0};
  };
  const Input tall = {.shape = {2, 5, 3}}, wide = {.shape = {3, 5}};
  // Of their product, which has rank 2.
  const Input left = {.shape = {2, 5, 2}}, right = {.shape = {2, 4}};
  const RankTolerance loose{.rtol = 1e-3};
  const auto inverted = [](auto in) { return std::vector{pinv(in[0])}; };
  const auto solved = [](auto in) { return std::vector{lstsq(in[0], in[1]).solution}; };
  OpCase rank = with("matrix_rank", {left, right}, [loose](auto in) {
    return std::vector{matrix_rank(matmul(in[0], in[1]), loose), matrix_rank(in[0])};
  });
  rank.differentiable = false;
  return {
      with("pinv", {tall}, inverted),
      with("pinv/wide", {wide}, inverted),
      with("pinv/deficient", {left, right},
           [loose](auto in) { return std::vector{pinv(matmul(in[0], in[1]), loose)}; }),
      rank,
      with("lstsq", {tall, {.shape = {5, 2}}}, solved),
      with("lstsq/wide", {wide, {.shape = {2, 3, 2}}}, solved),
      with("lstsq/vectors", {tall, {.shape = {2, 5}}}, solved),
      with("lstsq/deficient", {left, right, {.shape = {5, 3}}},
           [loose](auto in) {
             return std::vector{lstsq(matmul(in[0], in[1]), in[2], loose).solution};
           }),
  };
}

}  // namespace strata::opcases
