#include "strata/ops/joining.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> joining_cases() {
  return {
      {.name = "concat",
       .inputs = {{.shape = {2, 3}}, {.shape = {2, 1}}, {.shape = {2, 4}}},
       .run = [](auto in) { return std::vector{concat(in, 1)}; }},
      {.name = "stack",
       .inputs = {{.shape = {2, 3}}, {.shape = {2, 3}}},
       .run = [](auto in) { return std::vector{stack(in, -1)}; }},
      {.name = "split",
       .inputs = {{.shape = {7, 3}}},
       .run =
           [](auto in) {
             return split(in[0], {2, 1, 4}, 0);
           }},
      {.name = "split/even",
       .inputs = {{.shape = {2, 7}}},
       .run = [](auto in) { return split(in[0], 3, 1); }},
      {.name = "chunk",
       .inputs = {{.shape = {7, 2}}},
       .run = [](auto in) { return chunk(in[0], 3, 0); }},
      {.name = "tensor_split",
       .inputs = {{.shape = {7, 2}}},
       .run = [](auto in) { return tensor_split(in[0], 3); }},
      {.name = "tensor_split/bounds",
       .inputs = {{.shape = {2, 7}}},
       .run =
           [](auto in) {
             return tensor_split(in[0], {2, -2, 4}, -1);
           }},
      {.name = "hstack",
       .inputs = {{.shape = {2, 3}}, {.shape = {2, 1}}},
       .run = [](auto in) { return std::vector{hstack(in)}; }},
      {.name = "hstack/vectors",
       .inputs = {{.shape = {2}}, {.shape = {3}}},
       .run = [](auto in) { return std::vector{hstack(in)}; }},
      {.name = "vstack",
       .inputs = {{.shape = {3}}, {.shape = {2, 3}}},
       .run = [](auto in) { return std::vector{vstack(in)}; }},
      {.name = "dstack",
       .inputs = {{.shape = {3}}, {.shape = {1, 3}}, {.shape = {1, 3, 2}}},
       .run = [](auto in) { return std::vector{dstack(in)}; }},
      {.name = "unbind",
       .inputs = {{.shape = {2, 3, 2}}},
       .run = [](auto in) { return unbind(in[0], 1); }},
  };
}

}  // namespace strata::opcases
