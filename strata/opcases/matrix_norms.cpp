#include "strata/ops/matrix_norms.h"

#include <limits>
#include <utility>

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

std::vector<OpCase> matrix_norms_cases() {
  const auto of = [](const char* name, const Input& a, auto f, double bf16_tolerance) {
    return OpCase{.name = name,
                  .inputs = {a},
                  .run = [f](auto in) { return f(in[0]); },
                  .tolerance = 1e-4,
                  .bf16_tolerance = bf16_tolerance};
  };
  const Input cube = {.shape = {2, 3, 4}}, square = {.shape = {2, 4, 4}};
  return {
      of(
          "matrix_norm", cube,
          [](const Tensor& x) {
            return std::vector{matrix_norm(x),
                               matrix_norm(x, MatrixNorm::frobenius, {0, -1}, true)};
          },
          2e-2),
      of(
          "matrix_norm/sums", cube,
          [](const Tensor& x) {
            return std::vector{matrix_norm(x, 1), matrix_norm(x, -1, {2, 0}, true),
                               matrix_norm(x, kInfinity, {1, 0}), matrix_norm(x, -kInfinity)};
          },
          0),
      of(
          "matrix_norm/values", cube,
          [](const Tensor& x) {
            return std::vector{matrix_norm(x, 2), matrix_norm(x, -2, {0, 2}, true),
                               matrix_norm(x, MatrixNorm::nuclear, {-1, 1})};
          },
          0),
      of(
          "cond", square,
          [](const Tensor& x) {
            return std::vector{cond(x), cond(x, -2), cond(x, 1), cond(x, MatrixNorm::frobenius)};
          },
          0),
      of(
          "cond/wide", cube, [](const Tensor& x) { return std::vector{cond(x, 2)}; }, 0),
  };
}

}  // namespace strata::opcases
