#include "strata/ops/softmax.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

OpCase on_cube(const char* name, Tensor (*op)(const Tensor&, int), int axis) {
  return {.name = name,
          .inputs = {{.shape = {3, 4, 10}, .low = -4, .high = 4}},
          .run = [op, axis](auto in) { return std::vector{op(in[0], axis)}; }};
}

}  // namespace

std::vector<OpCase> softmax_cases() {
  return {
      on_cube("softmax", softmax, -1),
      on_cube("softmax/first", softmax, 0),
      on_cube("softmax/middle", softmax, 1),
      on_cube("log_softmax", log_softmax, -1),
      on_cube("log_softmax/middle", log_softmax, 1),
  };
}

}  // namespace strata::opcases
