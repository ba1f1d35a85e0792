#include "strata/ops/lp_pool.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

OpCase sequence(std::string name, double p, const Pool1dOptions& options) {
  return {.name = std::move(name),
          .inputs = {{.shape = {2, 9, 3}, .low = 0.2}},
          .run = [=](auto in) { return std::vector{lp_pool1d(in[0], p, options)}; },
          .bf16_tolerance = 5e-2};
}

OpCase image(std::string name, double p, const Pool2dOptions& options, double low) {
  return {.name = std::move(name),
          .inputs = {{.shape = {2, 7, 8, 3}, .low = low}},
          .run = [=](auto in) { return std::vector{lp_pool2d(in[0], p, options)}; },
          .bf16_tolerance = 5e-2};
}

}  // namespace

std::vector<OpCase> lp_pool_cases() {
  return {
      sequence("lp_pool1d", 2, {.kernel = 3}),
      sequence("lp_pool1d/steps", 3, {.kernel = 4, .stride = 2, .ceil_mode = true}),
      image("lp_pool2d", 2, {}, -1),
      image("lp_pool2d/oblong", 1.5, {.kernel = {3, 2}, .stride = {2, 3}}, 0.2),
      image("lp_pool2d/ceil", 4, {.kernel = 3, .stride = 2, .ceil_mode = true}, -1),
  };
}

}  // namespace strata::opcases
