#include "strata/ops/grid_sample.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

/// Points reach beyond the edges.
OpCase sample(std::string name, Shape x, Shape grid, GridSampleOptions options) {
  return {.name = std::move(name),
          .inputs = {{.shape = x}, {.shape = grid, .low = -1.8, .high = 1.8}},
          .run = [=](auto in) { return std::vector{grid_sample(in[0], in[1], options)}; },
          .bf16_tolerance = 0};  // rounding a point moves it: tests/ops/grid_sample_test.cpp
}

OpCase points(std::string name, Shape theta, Shape size, bool align_corners) {
  return {.name = std::move(name), .inputs = {{.shape = theta}}, .run = [=](auto in) {
            return std::vector{affine_grid(in[0], size, align_corners)};
          }};
}

}  // namespace

std::vector<OpCase> grid_sample_cases() {
  constexpr auto kNearest = GridMode::nearest;
  constexpr auto kBicubic = GridMode::bicubic;
  constexpr auto kBorder = GridPaddingMode::border;
  constexpr auto kReflection = GridPaddingMode::reflection;
  const Shape image = {2, 4, 5, 3}, grid = {2, 3, 3, 2};
  const Shape volume = {1, 3, 2, 4, 3}, deep = {1, 2, 3, 2, 3};
  return {
      sample("grid_sample", image, grid, {}),
      sample("grid_sample/corners", image, grid, {.align_corners = true}),
      sample("grid_sample/border", image, grid, {.padding = kBorder}),
      sample("grid_sample/reflection", image, grid, {.padding = kReflection}),
      sample("grid_sample/reflection_corners", image, grid,
             {.padding = kReflection, .align_corners = true}),
      sample("grid_sample/one_pixel", {1, 1, 1, 2}, {1, 2, 3, 2},
             {.padding = kReflection, .align_corners = true}),
      sample("grid_sample/channels", {1, 3, 3, 70}, {1, 2, 2, 2}, {.padding = kBorder}),
      sample("grid_sample/nearest", image, grid, {.mode = kNearest}),
      sample("grid_sample/nearest_reflection", image, grid,
             {.mode = kNearest, .padding = kReflection}),
      sample("grid_sample/bicubic", image, grid, {.mode = kBicubic}),
      sample("grid_sample/bicubic_border", image, grid,
             {.mode = kBicubic, .padding = kBorder, .align_corners = true}),
      sample("grid_sample/bicubic_reflection", image, grid,
             {.mode = kBicubic, .padding = kReflection}),
      sample("grid_sample/volume", volume, deep, {}),
      sample("grid_sample/volume_border", volume, deep,
             {.padding = kBorder, .align_corners = true}),
      sample("grid_sample/volume_reflection", volume, deep, {.padding = kReflection}),
      sample("grid_sample/volume_nearest", volume, deep, {.mode = kNearest}),
      points("affine_grid", {2, 2, 3}, {3, 4}, false),
      points("affine_grid/corners", {1, 2, 3}, {1, 5}, true),
      points("affine_grid/volume", {2, 3, 4}, {2, 3, 4}, false),
      points("affine_grid/volume_corners", {1, 3, 4}, {3, 1, 2}, true),
  };
}

}  // namespace strata::opcases
