#include "strata/ops/bitwise.h"

#include "strata/opcases/op_case.h"
#include "strata/ops/compare.h"

namespace strata::opcases {
namespace {

const Input kMatrix = {.shape = {4, 5}, .low = -100, .high = 100, .integer = true};

template <class F>
OpCase bits(const char* name, std::vector<Input> inputs, F run) {
  return {.name = name,
          .inputs = std::move(inputs),
          .run = [run](auto in) { return std::vector<Tensor>{run(in)}; },
          .differentiable = false};
}

OpCase binary(const char* name, Tensor (*op)(const Operand&, const Operand&), Input b) {
  return bits(name, {kMatrix, std::move(b)}, [op](auto in) { return op(in[0], in[1]); });
}

/// Of masks that two comparisons make.
OpCase masks(const char* name, Tensor (*op)(const Operand&, const Operand&)) {
  return bits(name, {kMatrix, kMatrix}, [op](auto in) { return op(in[0] > 0, in[1] > 10); });
}

}  // namespace

std::vector<OpCase> bitwise_cases() {
  const Input row = {.shape = {5}, .low = -100, .high = 100, .integer = true};
  const Input places = {.shape = {4, 1}, .low = -2, .high = 70, .integer = true};
  return {
      binary("bitwise_and", bitwise_and, kMatrix),
      binary("bitwise_and/row", bitwise_and, row),
      masks("bitwise_and/masks", bitwise_and),
      bits("bitwise_and/number", {kMatrix}, [](auto in) { return in[0] & 12; }),
      binary("bitwise_or", bitwise_or, row),
      masks("bitwise_or/masks", bitwise_or),
      binary("bitwise_xor", bitwise_xor, row),
      masks("bitwise_xor/masks", bitwise_xor),
      bits("bitwise_not", {kMatrix}, [](auto in) { return ~in[0]; }),
      bits("bitwise_not/mask", {kMatrix}, [](auto in) { return ~(in[0] > 0); }),
      binary("bitwise_left_shift", bitwise_left_shift, places),
      bits("bitwise_left_shift/number", {kMatrix}, [](auto in) { return in[0] << 3; }),
      binary("bitwise_right_shift", bitwise_right_shift, places),
      bits("bitwise_right_shift/number", {kMatrix}, [](auto in) { return in[0] >> 3; }),
  };
}

}  // namespace strata::opcases
