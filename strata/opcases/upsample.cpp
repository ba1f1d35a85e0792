#include "strata/ops/upsample.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

OpCase upsample(std::string name, Shape shape, UpsampleOptions options) {
  return {.name = std::move(name), .inputs = {{.shape = shape}}, .run = [options](auto in) {
            return std::vector{upsample2d(in[0], options)};
          }};
}

}  // namespace

std::vector<OpCase> upsample_cases() {
  constexpr auto kBilinear = UpsampleMode::bilinear;
  constexpr auto kBicubic = UpsampleMode::bicubic;
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
  };
}

}  // namespace strata::opcases
