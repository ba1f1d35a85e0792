#include "strata/ops/pool_nd.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

template <class Op, class Options>
OpCase pool(std::string name, Shape shape, Op op, Options options) {
  return {.name = std::move(name), .inputs = {{.shape = shape}}, .run = [=](auto in) {
            return std::vector{op(in[0], options)};
          }};
}

/// Rounding inputs to bf16 may change which is the largest.
template <class Op, class Options>
OpCase largest(std::string name, Shape shape, Op op, Options options) {
  OpCase c = pool(std::move(name), shape, op, options);
  c.bf16_tolerance = 0;
  return c;
}

template <class Op, class Options>
OpCase places(std::string name, Shape shape, Op op, Options options) {
  return {.name = std::move(name),
          .inputs = {{.shape = shape}},
          .run =
              [=](auto in) {
                const auto [y, index] = op(in[0], options);
                return std::vector{y, index};
              },
          .bf16_tolerance = 0};
}

}  // namespace

std::vector<OpCase> pool_nd_cases() {
  using One = Pool1dOptions;
  using Three = Pool3dOptions;
  const Three wide{.kernel = {2, 3, 2}, .stride = {1, 2, 2}, .padding = {1, 1, 0}};
  Three ceil = wide, inside = wide, dilated = wide;
  ceil.ceil_mode = true;
  inside.count_include_pad = false;
  dilated.dilation = {2, 1, 3};
  return {
      largest("max_pool1d", {2, 7, 3}, max_pool1d, One{}),
      largest("max_pool1d/options", {2, 10, 5}, max_pool1d,
              One{.kernel = 3, .stride = 2, .padding = 1, .dilation = 2, .ceil_mode = true}),
      pool("avg_pool1d", {2, 7, 3}, avg_pool1d,
           One{.kernel = 3, .stride = 2, .padding = 1, .ceil_mode = true}),
      pool("avg_pool1d/inside", {1, 8, 2}, avg_pool1d,
           One{.kernel = 3, .stride = 2, .padding = 1, .count_include_pad = false}),
      largest("adaptive_max_pool1d", {2, 7, 3}, adaptive_max_pool1d, 3),
      pool("adaptive_avg_pool1d", {2, 7, 3}, adaptive_avg_pool1d, 3),
      largest("max_pool3d", {2, 4, 2, 4, 3}, max_pool3d, Three{}),
      largest("max_pool3d/ceil", {1, 3, 6, 5, 3}, max_pool3d, ceil),
      largest("max_pool3d/dilation", {1, 4, 5, 6, 2}, max_pool3d, dilated),
      pool("avg_pool3d", {1, 3, 6, 5, 3}, avg_pool3d, ceil),
      pool("avg_pool3d/inside", {1, 3, 5, 4, 2}, avg_pool3d, inside),
      largest("adaptive_max_pool3d", {1, 3, 5, 4, 3}, adaptive_max_pool3d, Size3(2, 3, 1)),
      pool("adaptive_avg_pool3d", {1, 3, 5, 4, 3}, adaptive_avg_pool3d, Size3(2, 3, 1)),
      places("max_pool1d/indices", {2, 10, 5}, max_pool1d_with_indices,
             One{.kernel = 3, .stride = 2, .padding = 1, .dilation = 2, .ceil_mode = true}),
      places("max_pool3d/indices", {2, 3, 6, 5, 3}, max_pool3d_with_indices, ceil),
      places("max_pool3d/indices_dilation", {1, 4, 5, 6, 2}, max_pool3d_with_indices, dilated),
      places("adaptive_max_pool1d/indices", {2, 7, 3}, adaptive_max_pool1d_with_indices, 3),
      places("adaptive_max_pool3d/indices", {2, 3, 5, 4, 3}, adaptive_max_pool3d_with_indices,
             Size3(2, 3, 1)),
  };
}

}  // namespace strata::opcases
