#include "strata/ops/sampling.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/sampling.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

/// Whether `condition` holds for each element; nobody knows on the meta device.
bool holds(const Tensor& condition) { return condition.is_meta() || all(condition).item<bool>(); }

/// Weights as contiguous rows of f64, from which so many can be drawn.
Tensor checked_weights(const Tensor& weights, int64_t needed) {
  const Tensor rows = contiguous(cast(reshape(weights, {-1, weights.size(-1)}), DType::f64));
  if (rows.is_meta()) return rows;
  const int64_t columns = rows.size(1);
  const auto* row = std::as_const(rows).data<double>();
  const auto is_weight = [](double w) { return w >= 0 && w <= std::numeric_limits<double>::max(); };
  for (int64_t r = 0; r < rows.size(0); ++r, row += columns) {
    int64_t above = 0;
    bool sound = true;
    for (int64_t i = 0; i < columns; ++i) {
      above += row[i] > 0;
      sound &= is_weight(row[i]);
    }
    if (!sound) {
      const double* bad = std::find_if_not(row, row + columns, is_weight);
      throw ValueError("multinomial", fmt::format("weight {} of row {} of {} is {}", bad - row, r,
                                                  describe(weights), *bad));
    }
    if (above < needed) {
      throw ValueError("multinomial",
                       fmt::format("row {} of {} has {} weights above 0, but needs {}", r,
                                   describe(weights), above, needed));
    }
  }
  return rows;
}

void check_floating(const char* op, const Operand& x) {
  if (x.is_tensor()) internal::check_floating(op, x.tensor());
}

}  // namespace

Tensor internal::ones_of(const Tensor& p, Generator& generator) {
  const DType drawn = p.dtype() == DType::f64 ? DType::f64 : DType::f32;
  return cast(rand(p.shape(), 0, 1, drawn, p.device(), generator) < p, p.dtype());
}

Tensor bernoulli(const Tensor& p, Generator& generator) {
  internal::check_floating("bernoulli", p);
  const NoGrad no_grad;
  if (!holds(logical_and(p >= 0, p <= 1))) {
    throw ValueError("bernoulli",
                     fmt::format("{} holds what is no probability in [0, 1]", describe(p)));
  }
  return internal::ones_of(p, generator);
}

Tensor bernoulli(const Shape& shape, double p, DType dtype, Device device, Generator& generator) {
  if (!(p >= 0 && p <= 1)) {
    throw ValueError("bernoulli", fmt::format("p must be in [0, 1], got {}", p));
  }
  return cast(rand(shape, 0, 1, DType::f32, device, generator) < p, dtype);
}

Tensor multinomial(const Tensor& weights, int64_t draws, bool replacement, Generator& generator) {
  const char* op = "multinomial";
  internal::check_floating(op, weights);
  if (weights.rank() != 1 && weights.rank() != 2) {
    throw ShapeError(
        op, fmt::format("weights must be [columns] or [rows, columns], got {}", describe(weights)));
  }
  if (draws < 1) throw ValueError(op, fmt::format("draws must be at least 1, got {}", draws));
  const int64_t columns = weights.size(-1);
  if (columns == 0 || (!replacement && draws > columns)) {
    throw ValueError(
        op, fmt::format("{} of {} cannot be drawn without replacement", draws, describe(weights)));
  }
  replacement |= draws == 1;
  const Tensor rows = checked_weights(weights.detach(), replacement ? 1 : draws);
  Tensor y = empty({rows.size(0), draws}, DType::i64, weights.device());
  on_cpu(op, y, [&](Cpu cpu) {
    kernels::multinomial(cpu, rows, replacement, generator.seed, generator.next_stream(), y);
  });
  return weights.rank() == 1 ? reshape(y, {draws}) : y;
}

Tensor normal(const Operand& mean, const Operand& stddev, Generator& generator) {
  check_floating("normal", mean);
  check_floating("normal", stddev);
  const NoGrad no_grad;
  const Operands in = operands("normal", mean, stddev);
  if (!holds(in.b >= 0)) {
    throw ValueError("normal", fmt::format("a negative deviation in {}", describe(in.b)));
  }
  const Tensor z = randn(in.shape, 0, 1, in.dtype, in.a.device(), generator);
  return cast(z * in.b + in.a, in.dtype);
}

}  // namespace strata
