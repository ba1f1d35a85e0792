#include "strata/ops/lp_pool.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

OpCase sequence(std::string name, double p, int64_t kernel, int64_t stride, bool ceil_mode) {
  return {
      .name = std::move(name),
      .inputs = {{.shape = {2, 9, 3}, .low = 0.2}},
      .run = [=](auto in) { return std::vector{lp_pool1d(in[0], p, kernel, stride, ceil_mode)}; },
      .bf16_tolerance = 5e-2};
}

OpCase image(std::string name, double p, Size2 kernel, Size2 stride, bool ceil_mode, double low) {
  return {
      .name = std::move(name),
      .inputs = {{.shape = {2, 7, 8, 3}, .low = low}},
      .run = [=](auto in) { return std::vector{lp_pool2d(in[0], p, kernel, stride, ceil_mode)}; },
      .bf16_tolerance = 5e-2};
}

}  // namespace

std::vector<OpCase> lp_pool_cases() {
  return {
      sequence("lp_pool1d", 2, 3, 0, false),
      sequence("lp_pool1d/steps", 3, 4, 2, true),
      image("lp_pool2d", 2, 2, 0, false, -1),
      image("lp_pool2d/oblong", 1.5, {3, 2}, {2, 3}, false, 0.2),
      image("lp_pool2d/ceil", 4, 3, 2, true, -1),
  };
}

}  // namespace strata::opcases
