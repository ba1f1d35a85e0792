#include "strata/ops/rearrange.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

OpCase of(std::string name, Shape shape, Tensor (*f)(const Tensor&)) {
  return {.name = std::move(name), .inputs = {{.shape = shape}}, .run = [f](auto in) {
            return std::vector{f(in[0])};
          }};
}

}  // namespace

std::vector<OpCase> rearrange_cases() {
  const std::vector<Input> lines = {{.shape = {2}}, {.shape = {3}}, {.shape = {4}}};
  return {
      of("roll", {3, 5, 2},
         [](const Tensor& x) {
           return roll(x, {2, -4}, {1, 0});
         }),
      of("roll/flat", {3, 5}, [](const Tensor& x) { return roll(x, {17}); }),
      of("tile", {2, 3, 1},
         [](const Tensor& x) {
           return tile(x, {2, 3});
         }),
      of("tile/more", {2, 3},
         [](const Tensor& x) {
           return tile(x, {2, 1, 3});
         }),
      of("repeat", {3, 2},
         [](const Tensor& x) {
           return repeat(x, {2, 3, 2});
         }),
      of("repeat_interleave", {2, 3, 4},
         [](const Tensor& x) { return repeat_interleave(x, 3, 1); }),
      of("tril", {2, 4, 3}, [](const Tensor& x) { return tril(x); }),
      of("tril/above", {3, 5}, [](const Tensor& x) { return tril(x, 2); }),
      of("triu", {2, 4, 3}, [](const Tensor& x) { return triu(x); }),
      of("triu/below", {5, 3}, [](const Tensor& x) { return triu(x, -2); }),
      {.name = "meshgrid", .inputs = lines, .run = [](auto in) { return meshgrid(in); }},
      {.name = "meshgrid/xy",
       .inputs = lines,
       .run = [](auto in) { return meshgrid(in, MeshIndexing::xy); }},
      {.name = "outer",
       .inputs = {{.shape = {4}}, {.shape = {3}}},
       .run = [](auto in) { return std::vector{outer(in[0], in[1])}; }},
      of("pixel_shuffle", {2, 3, 2, 12}, [](const Tensor& x) { return pixel_shuffle(x, 2); }),
      of("pixel_unshuffle", {1, 6, 3, 2}, [](const Tensor& x) { return pixel_unshuffle(x, 3); }),
      of("channel_shuffle", {2, 3, 2, 12}, [](const Tensor& x) { return channel_shuffle(x, 3); }),
      of("channel_shuffle/sequence", {2, 3, 6},
         [](const Tensor& x) { return channel_shuffle(x, 2); }),
  };
}

}  // namespace strata::opcases
