#include "strata/nn/layers/spectral_norm.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/init.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/matmul.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"

namespace strata::nn {
namespace {

constexpr int kFirstIterations = 15;

void check(const std::string& layer, const Tensor& weight, const SpectralNormConfig& c) {
  const auto refuse = [](const std::string& text) { throw ValueError("SpectralNorm", text); };
  if (c.iterations < 1) refuse(fmt::format(".iterations {} is below 1", c.iterations));
  if (weight.rank() < 2) {
    refuse(fmt::format("the weight of {}, {}, is no matrix", layer, describe(weight)));
  }
  if (*c.axis < 0 || *c.axis >= weight.rank()) {
    refuse(
        fmt::format(".axis {} is none of the weight of {}, {}", *c.axis, layer, describe(weight)));
  }
  if (weight.numel() == 0) {
    refuse(fmt::format("the weight of {}, {}, is empty", layer, describe(weight)));
  }
}

}  // namespace

SpectralWeight::SpectralWeight(const std::string& layer, const Tensor& weight, Layout layout,
                               const SpectralNormConfig& config)
    : original(weight), config_(config), layout_(layout) {
  check(layer, weight, config);
  rows_ = memory_axis(layout, weight.rank(), *config.axis);
  const DType dtype = weight.dtype() == DType::f64 ? DType::f64 : DType::f32;
  const int64_t rows = weight.size(rows_);
  u = empty({rows}, dtype, weight.device());
  v = empty({weight.numel() / rows}, dtype, weight.device());
  init::normal(u);
  init::normal(v);
  if (!init::unwritten()) power_method(kFirstIterations);
}

/// [rows, columns], the columns in memory's order. Halves are widened.
Tensor SpectralWeight::matrix(const Tensor& weight) const {
  const int64_t rows = weight.size(rows_), columns = weight.numel() / rows;
  const Tensor wide = internal::widened(weight);
  if (rows_ == weight.rank() - 1) return transpose(reshape(wide, {columns, rows}), 0, 1);
  Dims order = {rows_};
  for (int axis = 0; axis < weight.rank(); ++axis) {
    if (axis != rows_) order.push_back(axis);
  }
  return reshape(permute(wide, order), {rows, columns});
}

/// A vector of the matrix's columns in memory's order, out of that of files, or the way back.
Tensor SpectralWeight::columns(const Tensor& x, bool to_memory) const {
  const int rank = original.rank();
  Dims shape = Dims::filled(rank, 1), order = shape;
  for (int in_file = 0; in_file < rank; ++in_file) {
    const int in_memory = memory_axis(layout_, rank, in_file);
    if (in_memory != rows_) {
      shape[to_memory ? in_file : in_memory] = original.shape()[in_memory];
    }
    order[to_memory ? in_memory : in_file] = to_memory ? in_file : in_memory;
  }
  return reshape(permute(reshape(x, shape), order), {x.numel()});
}

void SpectralWeight::power_method(int iterations) {
  const NoGrad no_grad;
  const Tensor weights = matrix(original);
  const auto unit = [&](const Tensor& x) { return x / maximum(norm(x), config_.eps); };
  Tensor left = u, right = columns(v, true);
  for (int i = 0; i < iterations; ++i) {
    if (config_.old_names) right = unit(matmul(left, weights));
    left = unit(matmul(weights, right));
    if (!config_.old_names) right = unit(matmul(left, weights));
  }
  copy_(u, left);
  copy_(v, columns(right, false));
}

Tensor SpectralWeight::compute() const {
  // Copies: the next step of the power method writes over u and v before this one's way back.
  const Tensor sigma = matmul(copy(u), matmul(matrix(original), copy(columns(v, true))));
  return cast(internal::widened(original) / sigma, original.dtype());
}

void SpectralWeight::members(Visitor& to) {
  const bool old = config_.old_names;
  to(old ? "weight_orig" : "parametrizations.weight.original", original, layout_);
  to.buffer(old ? "weight_u" : "parametrizations.weight.0._u", u);
  to.buffer(old ? "weight_v" : "parametrizations.weight.0._v", v);
}

}  // namespace strata::nn
