#include "strata/ops/scans.h"

#include <limits>
#include <utility>

#include "strata/opcases/op_case.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/joining.h"
#include "strata/ops/quantiles.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"

namespace strata::opcases {
namespace {

const Input kX = {.shape = {3, 4, 5}, .low = -2, .high = 2};

OpCase on_x(const char* name, Tensor (*run)(const Tensor&)) {
  return {.name = name, .inputs = {kX}, .run = [run](auto in) { return std::vector{run(in[0])}; }};
}

/// Zeros in place of about half of the values.
Tensor half_zero(const Tensor& x) { return x * cast(x > 0, x.dtype()); }

/// NaN in place of about a quarter of them.
Tensor with_nan(const Tensor& x) {
  return where(x > 1, std::numeric_limits<double>::quiet_NaN(), x);
}

std::vector<OpCase> middle_cases() {
  const auto of_extremes = [](const char* name, auto run) -> OpCase {
    return {.name = name, .inputs = {kX}, .run = [run](auto in) {
              const Extremes e = run(in[0]);
              return std::vector{e.values, e.indices};
            }};
  };
  return {
      of_extremes("cummax", [](const Tensor& x) { return cummax(x, 1); }),
      of_extremes("cummin", [](const Tensor& x) { return cummin(x, -1); }),
      of_extremes("median", [](const Tensor& x) { return median(x, 1); }),
      of_extremes("median/keep", [](const Tensor& x) { return median(x, 0, true); }),
      on_x("median/all", [](const Tensor& x) { return median(x); }),
      on_x("quantile", [](const Tensor& x) { return quantile(x, 0.3, 1); }),
      on_x("quantile/keep", [](const Tensor& x) { return quantile(x, 1, -1, true); }),
      on_x("quantile/all", [](const Tensor& x) { return quantile(x, 0.77); }),
      on_x("quantile/between",
           [](const Tensor& x) {
             return stack({quantile(x, 0.3, 1, false, Interpolation::lower),
                           quantile(x, 0.3, 1, false, Interpolation::higher),
                           quantile(x, 0.3, 1, false, Interpolation::midpoint),
                           quantile(x, 0.3, 1, false, Interpolation::nearest)});
           }),
      {.name = "quantile/several",
       .inputs = {kX, {.shape = {4}, .low = 0.05, .high = 0.95}},
       .run = [](auto in) { return std::vector{quantile(in[0], in[1], 1, true)}; }},
      {.name = "nanquantile",
       .inputs = {kX, {.shape = {4}, .low = 0.05, .high = 0.95}},
       .run = [](auto in) { return std::vector{nanquantile(with_nan(in[0]), in[1], 2)}; }},
  };
}

}  // namespace

std::vector<OpCase> scans_cases() {
  std::vector<OpCase> cases = {
      on_x("cumprod", [](const Tensor& x) { return cumprod(x, 1); }),
      on_x("cumprod/last", [](const Tensor& x) { return cumprod(x, -1); }),
      on_x("cumprod/zeros", [](const Tensor& x) { return cumprod(half_zero(x), 1); }),
      on_x("prod", [](const Tensor& x) { return prod(x); }),
      on_x("prod/axis1", [](const Tensor& x) { return prod(x, {1}, true); }),
      on_x("prod/zeros", [](const Tensor& x) { return prod(half_zero(x), {0}); }),
      on_x("stddev", [](const Tensor& x) { return stddev(x); }),
      on_x("stddev/axes",
           [](const Tensor& x) {
             return stddev(x, {0, -1}, 0, true);
           }),
      {.name = "linear_recurrence",
       .inputs = {kX, kX},
       .run =
           [](auto in) {
             return std::vector{linear_recurrence(in[0], in[1], 1),
                                linear_recurrence(in[0], in[1], 2, true)};
           },
       .golden = false},
  };
  for (OpCase& c : middle_cases()) cases.push_back(std::move(c));
  return cases;
}

}  // namespace strata::opcases
