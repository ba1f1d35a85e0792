#include "strata/ops/group_norm.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> group_norm_cases() {
  const Input images = {.shape = {3, 4, 5, 6}, .low = -1, .high = 3};
  const Input weight = {.shape = {6}, .low = 0.5, .high = 2}, bias = {.shape = {6}};
  const Input shift = {.shape = {3, 6}, .low = -2, .high = 2};
  return {
      {.name = "group_norm",
       .inputs = {images, weight, bias},
       .run =
           [](auto in) { return std::vector{group_norm(in[0], 3, in[1], in[2], {.eps = 1e-3})}; }},
      {.name = "group_norm/one",
       .inputs = {images},
       .run = [](auto in) { return std::vector{group_norm(in[0], 1)}; }},
      {.name = "group_norm/silu",
       .inputs = {images, weight, bias},
       .run =
           [](auto in) { return std::vector{group_norm(in[0], 2, in[1], in[2], {.silu = true})}; }},
      {.name = "group_norm/shift",
       .inputs = {images, weight, bias, shift},
       .run =
           [](auto in) {
             return std::vector{group_norm(in[0], 2, in[1], in[2], {.shift = in[3]})};
           }},
      {.name = "group_norm/silu_shift",
       .inputs = {{.shape = {2, 7, 32}, .low = -1, .high = 3},
                  {.shape = {32}, .low = 0.5, .high = 2},
                  {.shape = {32}},
                  {.shape = {2, 32}}},
       .run =
           [](auto in) {
             return std::vector{group_norm(in[0], 8, in[1], in[2], {.silu = true, .shift = in[3]})};
           }},
  };
}

}  // namespace strata::opcases
