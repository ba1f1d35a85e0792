#include "strata/ops/upsample.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

template <class Op, class Options>
OpCase resampled(std::string name, Shape shape, Op op, Options options) {
  return {.name = std::move(name), .inputs = {{.shape = shape}}, .run = [=](auto in) {
            return std::vector{op(in[0], options)};
          }};
}

OpCase upsample(std::string name, Shape shape, UpsampleOptions options) {
  return resampled(std::move(name), shape, upsample2d, options);
}
OpCase sequence(std::string name, Shape shape, Upsample1dOptions options) {
  return resampled(std::move(name), shape, upsample1d, options);
}
OpCase volume(std::string name, Shape shape, Upsample3dOptions options) {
  return resampled(std::move(name), shape, upsample3d, options);
}

}  // namespace

std::vector<OpCase> upsample_cases() {
  constexpr auto kBilinear = UpsampleMode::bilinear;
  constexpr auto kBicubic = UpsampleMode::bicubic;
  constexpr auto kExact = UpsampleMode::nearest_exact;
  constexpr auto kArea = UpsampleMode::area;
  constexpr auto kLinear = UpsampleMode::linear;
  constexpr auto kTrilinear = UpsampleMode::trilinear;
  return {
      upsample("upsample2d/nearest", {2, 3, 4, 5}, {.scale_h = 2, .scale_w = 3}),
      upsample("upsample2d/nearest_size", {1, 5, 7, 3}, {.size = {7, 4}}),
      upsample("upsample2d/nearest_factor", {1, 5, 6, 2}, {.scale_h = 1.7, .scale_w = 0.6}),
      upsample("upsample2d/bilinear", {2, 3, 4, 9},
               {.scale_h = 2, .scale_w = 2, .mode = kBilinear}),
      upsample("upsample2d/bilinear_size", {1, 5, 7, 3}, {.size = {8, 4}, .mode = kBilinear}),
      upsample("upsample2d/bilinear_factor", {1, 5, 6, 2},
               {.scale_h = 1.7, .scale_w = 0.6, .mode = kBilinear}),
      upsample("upsample2d/bilinear_corners", {1, 3, 4, 5},
               {.size = {7, 9}, .mode = kBilinear, .align_corners = true}),
      upsample("upsample2d/bilinear_one", {1, 3, 1, 2},
               {.size = {1, 4}, .mode = kBilinear, .align_corners = true}),
      upsample("upsample2d/bicubic", {2, 3, 4, 9}, {.scale_h = 2, .scale_w = 3, .mode = kBicubic}),
      upsample("upsample2d/bicubic_size", {1, 5, 7, 3}, {.size = {8, 4}, .mode = kBicubic}),
      upsample("upsample2d/bicubic_factor", {1, 5, 6, 2},
               {.scale_h = 1.7, .scale_w = 0.6, .mode = kBicubic}),
      upsample("upsample2d/bicubic_corners", {1, 3, 4, 5},
               {.size = {7, 9}, .mode = kBicubic, .align_corners = true}),
      upsample("upsample2d/bicubic_same", {1, 3, 4, 2}, {.size = {3, 4}, .mode = kBicubic}),
      upsample("upsample2d/exact", {1, 5, 7, 3}, {.size = {8, 4}, .mode = kExact}),
      upsample("upsample2d/exact_factor", {1, 5, 6, 2},
               {.scale_h = 1.7, .scale_w = 0.6, .mode = kExact}),
      upsample("upsample2d/area", {1, 5, 7, 3}, {.size = {8, 4}, .mode = kArea}),
      upsample("upsample2d/area_factor", {1, 5, 6, 2},
               {.scale_h = 1.7, .scale_w = 0.6, .mode = kArea}),
      sequence("upsample1d/nearest", {2, 5, 3}, {.scale = 2.3}),
      sequence("upsample1d/exact", {2, 5, 3}, {.size = 3, .mode = kExact}),
      sequence("upsample1d/area", {2, 7, 3}, {.size = 3, .mode = kArea}),
      sequence("upsample1d/linear", {2, 5, 3}, {.scale = 2, .mode = kLinear}),
      sequence("upsample1d/linear_size", {1, 7, 9}, {.size = 4, .mode = kLinear}),
      sequence("upsample1d/linear_corners", {2, 4, 3},
               {.size = 9, .mode = kLinear, .align_corners = true}),
      volume("upsample3d/nearest", {1, 2, 3, 4, 2}, {.scale_d = 2, .scale_h = 1.5, .scale_w = 0.6}),
      volume("upsample3d/exact", {1, 3, 4, 5, 2}, {.size = {2, 5, 3}, .mode = kExact}),
      volume("upsample3d/area", {1, 3, 4, 5, 2}, {.size = {2, 3, 5}, .mode = kArea}),
      volume("upsample3d/trilinear", {2, 2, 3, 2, 3},
             {.scale_d = 2, .scale_h = 2, .scale_w = 2, .mode = kTrilinear}),
      volume("upsample3d/trilinear_size", {1, 4, 3, 5, 2}, {.size = {3, 5, 2}, .mode = kTrilinear}),
      volume("upsample3d/trilinear_corners", {1, 2, 3, 4, 2},
             {.size = {3, 4, 7}, .mode = kTrilinear, .align_corners = true}),
  };
}

}  // namespace strata::opcases
