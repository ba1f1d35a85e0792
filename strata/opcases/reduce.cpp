#include "strata/ops/reduce.h"

#include <limits>

#include "strata/opcases/op_case.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/select.h"

namespace strata::opcases {
namespace {

const Input kCube = {.shape = {3, 4, 5}, .low = -2, .high = 2};

template <class F>
OpCase on_cube(const char* name, F f) {
  return {.name = name, .inputs = {kCube}, .run = [f](auto in) { return std::vector{f(in[0])}; }};
}

/// NaN in place of about a quarter of the values.
Tensor with_nan(const Tensor& x) {
  return where(x > 1, std::numeric_limits<double>::quiet_NaN(), x);
}

std::vector<OpCase> norm_cases() {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return {
      on_cube("norm", [](const Tensor& x) { return norm(x); }),
      on_cube("norm/axis1", [](const Tensor& x) { return norm(x, 2, {1}, true); }),
      on_cube("norm/p1",
              [](const Tensor& x) {
                return norm(x, 1, {0, 2});
              }),
      on_cube("norm/infinity", [](const Tensor& x) { return norm(x, kInfinity, {-1}); }),
      on_cube("norm/p3", [](const Tensor& x) { return norm(x, 3, {-1}); }),
  };
}

}  // namespace

std::vector<OpCase> reduce_cases() {
  const Input integers = {.shape = {3, 4}, .low = -1, .high = 2, .integer = true};
  std::vector<OpCase> cases = {
      on_cube("sum", [](const Tensor& x) { return sum(x); }),
      on_cube("sum/axis0", [](const Tensor& x) { return sum(x, {0}); }),
      on_cube("sum/axis1", [](const Tensor& x) { return sum(x, {1}, true); }),
      on_cube("sum/axis2", [](const Tensor& x) { return sum(x, {-1}); }),
      on_cube("sum/outer",
              [](const Tensor& x) {
                return sum(x, {0, 2});
              }),
      {.name = "sum/integers",
       .inputs = {integers},
       .run = [](auto in) { return std::vector{sum(in[0], {1})}; },
       .differentiable = false},
      on_cube("mean", [](const Tensor& x) { return mean(x); }),
      on_cube("mean/axes",
              [](const Tensor& x) {
                return mean(x, {0, 1}, true);
              }),
      on_cube("nansum", [](const Tensor& x) { return nansum(with_nan(x), {1}); }),
      on_cube("nanmean", [](const Tensor& x) { return nanmean(with_nan(x), {0}, true); }),
      {.name = "var_mean",
       .inputs = {kCube},
       .run =
           [](auto in) {
             const VarMean v = var_mean(in[0], {0, 2}, 0);
             return std::vector{v.var, v.mean};
           }},
      on_cube("var", [](const Tensor& x) { return var(x); }),
      on_cube("var/axis1", [](const Tensor& x) { return var(x, {1}, 0, true); }),
      on_cube("var/outer",
              [](const Tensor& x) {
                return var(x, {0, 2}, 2);
              }),
      on_cube("logsumexp", [](const Tensor& x) { return logsumexp(x, {-1}); }),
      on_cube("logsumexp/outer",
              [](const Tensor& x) {
                return logsumexp(x, {0, 2}, true);
              }),
      on_cube("cumsum", [](const Tensor& x) { return cumsum(x, 1); }),
      on_cube("logcumsumexp", [](const Tensor& x) { return logcumsumexp(x, 1); }),
      on_cube("logcumsumexp/rising", [](const Tensor& x) { return logcumsumexp(x * 300, -1); }),
      on_cube("diff", [](const Tensor& x) { return diff(x); }),
      on_cube("diff/twice", [](const Tensor& x) { return diff(x, 2, 0); }),
      on_cube("cumsum/reverse", [](const Tensor& x) { return cumsum(x, -1, true); }),
      {.name = "any",
       .inputs = {integers},
       .run =
           [](auto in) {
             return std::vector{any(in[0], {1}), all(in[0], {0}), any(in[0])};
           },
       .differentiable = false},
  };
  for (OpCase& c : norm_cases()) cases.push_back(std::move(c));
  return cases;
}

}  // namespace strata::opcases
