#include "strata/ops/arithmetic.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

template <class F>
OpCase binary(const char* name, Input a, Input b, F op) {
  return {.name = name, .inputs = {std::move(a), std::move(b)}, .run = [op](auto in) {
            return std::vector{op(in[0], in[1])};
          }};
}

template <class F>
OpCase with_number(const char* name, Input x, F op) {
  return {.name = name, .inputs = {std::move(x)}, .run = [op](auto in) {
            return std::vector{op(in[0])};
          }};
}

const Input kMatrix = {.shape = {3, 5}, .low = -2, .high = 2};
const Input kPositive = {.shape = {3, 5}, .low = 0.2, .high = 3};
const Input kIntegers = {.shape = {3, 5}, .low = -5, .high = 5, .integer = true};

}  // namespace

std::vector<OpCase> arithmetic_cases() {
  const Input row = {.shape = {5}, .low = -2, .high = 2};
  const Input outer = {.shape = {2, 1, 5}, .low = 0.5, .high = 2};
  const Input column = {.shape = {4, 1}, .low = 0.5, .high = 2};
  return {
      binary("add", kMatrix, kMatrix, add),
      binary("add/row", kMatrix, row, add),
      binary("add/outer", outer, column, add),
      binary("add/integers", kIntegers, kMatrix, add),
      with_number("add/number", kMatrix, [](const Tensor& x) { return 1.5 + x; }),
      binary("sub", kMatrix, kMatrix, sub),
      binary("sub/outer", outer, column, sub),
      with_number("sub/number", kMatrix, [](const Tensor& x) { return 1 - x; }),
      binary("mul", kMatrix, kMatrix, mul),
      binary("mul/row", row, kMatrix, mul),
      binary("mul/outer", outer, column, mul),
      with_number("mul/number", kMatrix, [](const Tensor& x) { return x * 2.5; }),
      binary("div", kMatrix, kPositive, div),
      binary("div/outer", outer, column, div),
      with_number("div/number", kPositive, [](const Tensor& x) { return 3 / x; }),
      binary("pow", kPositive, kMatrix, pow),
      binary("pow/outer", outer, column, pow),
      with_number("pow/2", kMatrix, [](const Tensor& x) { return pow(x, 2); }),
      with_number("pow/3", kMatrix, [](const Tensor& x) { return pow(x, 3); }),
      with_number("pow/half", kPositive, [](const Tensor& x) { return pow(x, 0.5); }),
      with_number("pow/1.7", kPositive, [](const Tensor& x) { return pow(x, 1.7); }),
      with_number("pow/number", kMatrix, [](const Tensor& x) { return pow(1.5, x); }),
      binary("maximum", kMatrix, kMatrix, maximum),
      binary("maximum/outer", outer, column, maximum),
      binary("minimum", kMatrix, kMatrix, minimum),
      binary("minimum/row", kMatrix, row, minimum),
  };
}

}  // namespace strata::opcases
