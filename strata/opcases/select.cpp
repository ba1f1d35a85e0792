#include "strata/ops/select.h"

#include "strata/opcases/op_case.h"
#include "strata/ops/compare.h"

namespace strata::opcases {

std::vector<OpCase> select_cases() {
  const Input mask = {.shape = {3, 5}, .low = 0, .high = 2, .integer = true};
  return {
      {.name = "where",
       .inputs = {mask, {.shape = {3, 5}}, {.shape = {5}}},
       .run = [](auto in) { return std::vector{where(in[0] != 0, in[1], in[2])}; }},
      {.name = "where/broadcast",
       .inputs = {{.shape = {3, 1}, .low = 0, .high = 2, .integer = true},
                  {.shape = {2, 1, 5}},
                  {.shape = {}}},
       .run = [](auto in) { return std::vector{where(in[0] != 0, in[1], in[2])}; }},
      {.name = "where/number",
       .inputs = {mask, {.shape = {3, 5}}},
       .run = [](auto in) { return std::vector{where(in[0] != 0, 2.5, in[1])}; }},
      {.name = "masked_fill",
       .inputs = {mask, {.shape = {2, 3, 5}}},
       .run = [](auto in) { return std::vector{masked_fill(in[1], in[0] != 0, -7)}; }},
      {.name = "clamp",
       .inputs = {{.shape = {4, 5}, .low = -2, .high = 2}},
       .run = [](auto in) { return std::vector{clamp(in[0], -0.5, 1)}; }},
      {.name = "clamp/low",
       .inputs = {{.shape = {4, 5}, .low = -2, .high = 2}},
       .run = [](auto in) { return std::vector{clamp(in[0], 0.25)}; }},
      {.name = "clamp/high",
       .inputs = {{.shape = {4, 5}, .low = -2, .high = 2}},
       .run = [](auto in) { return std::vector{clamp(in[0], {}, 0.25)}; }},
      {.name = "clamp/integers",
       .inputs = {{.shape = {4, 5}, .low = -4, .high = 5, .integer = true}},
       .run = [](auto in) { return std::vector{clamp(in[0], -1, 2)}; },
       .differentiable = false},
      {.name = "clamp/tensors",
       .inputs = {{.shape = {4, 5}, .low = -2, .high = 2},
                  {.shape = {5}, .low = -1, .high = 0},
                  {.shape = {4, 1}, .low = -0.2, .high = 1}},
       .run = [](auto in) { return std::vector{clamp(in[0], in[1], in[2])}; },
       .bf16_tolerance = 0},
      {.name = "clamp/tensor_high",
       .inputs = {{.shape = {4, 5}, .low = -2, .high = 2}, {.shape = {4, 5}}},
       .run = [](auto in) { return std::vector{clamp(in[0], Tensor(), in[1])}; },
       .bf16_tolerance = 0},
  };
}

}  // namespace strata::opcases
