#include "strata/ops/dropout.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> dropout_cases() {
  const auto with = [](double p) {
    return [p](std::span<const Tensor> in) {
      Generator generator(7);  // the same choice at every call
      return std::vector{dropout(in[0], p, true, generator)};
    };
  };
  // PyTorch draws other numbers: the tests compare with the rule instead.
  return {
      {.name = "dropout", .inputs = {{.shape = {5, 7}}}, .run = with(0.3), .golden = false},
      {.name = "dropout/all", .inputs = {{.shape = {3, 2}}}, .run = with(1), .golden = false},
  };
}

}  // namespace strata::opcases
