#include "strata/ops/matrix_exp.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> matrix_exp_cases() {
  const auto with = [](const char* name, const Input& a) {
    return OpCase{.name = name,
                  .inputs = {a},
                  .run = [](auto in) { return std::vector{matrix_exp(in[0])}; },
                  .tolerance = 1e-4,
                  .bf16_tolerance = 0};
  };
  return {
      with("matrix_exp", {.shape = {2, 3, 3}}),
      with("matrix_exp/one", {.shape = {1, 1}}),
      with("matrix_exp/squared", {.shape = {4, 4}, .low = -6, .high = 4}),
  };
}

}  // namespace strata::opcases
