#include "strata/ops/pool.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

/// Rounding inputs to bf16 may change which is the largest: tests/kernels/pool_test.cpp checks that
/// dtype on values that bf16 has.
OpCase without_bf16(OpCase c) {
  c.bf16_tolerance = 0;
  return c;
}

template <class Op, class Options>
OpCase pool(std::string name, Shape shape, Op op, Options options) {
  return {.name = std::move(name), .inputs = {{.shape = shape}}, .run = [=](auto in) {
            return std::vector{op(in[0], options)};
          }};
}

}  // namespace

std::vector<OpCase> pool_cases() {
  using Options = Pool2dOptions;
  return {
      without_bf16(pool("max_pool2d", {2, 6, 4, 6}, max_pool2d, Options{})),
      without_bf16(pool("max_pool2d/overlap", {2, 7, 8, 9}, max_pool2d,
                        Options{.kernel = 3, .stride = 2, .padding = 1})),
      without_bf16(
          pool("max_pool2d/dilation", {1, 8, 9, 5}, max_pool2d,
               Options{.kernel = {2, 3}, .stride = {1, 2}, .padding = {1, 1}, .dilation = {3, 2}})),
      without_bf16(pool("max_pool2d/ceil", {1, 8, 6, 3}, max_pool2d,
                        Options{.kernel = 3, .stride = 2, .ceil_mode = true})),
      pool("avg_pool2d", {2, 4, 6, 3}, avg_pool2d, Options{}),
      pool("avg_pool2d/padding", {2, 7, 6, 9}, avg_pool2d,
           Options{.kernel = {3, 2}, .stride = {2, 1}, .padding = 1, .ceil_mode = true}),
      pool("avg_pool2d/inside", {1, 7, 6, 4}, avg_pool2d,
           Options{.kernel = 3, .stride = 2, .padding = 1, .count_include_pad = false}),
      pool("adaptive_avg_pool2d", {2, 7, 5, 9}, adaptive_avg_pool2d, Size2(3, 4)),
      pool("adaptive_avg_pool2d/global", {2, 4, 4, 17}, adaptive_avg_pool2d, Size2(1)),
      without_bf16(pool("adaptive_max_pool2d", {2, 7, 5, 9}, adaptive_max_pool2d, Size2(3, 4))),
      {.name = "adaptive_max_pool2d/indices",
       .inputs = {{.shape = {2, 7, 5, 3}}},
       .run =
           [](auto in) {
             const auto [y, index] = adaptive_max_pool2d_with_indices(in[0], {3, 4});
             return std::vector{y, index};
           },
       .bf16_tolerance = 0},
  };
}

}  // namespace strata::opcases
