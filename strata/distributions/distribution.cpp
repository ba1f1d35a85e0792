#include "strata/distributions/distribution.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/distributions/noise.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::distributions {
namespace internal {

Tensor sum_last(const Tensor& x, int count) {
  if (count == 0) return x;
  Dims axes;
  for (int i = 1; i <= count; ++i) axes.push_back(-i);
  return sum(x, axes);
}

Tensor is_count(const Tensor& x) {
  return logical_and(isfinite(x), logical_and(x >= 0, x == floor(x)));
}

void check_same_events(const Distribution& p, const Distribution& q) {
  if (p.event_shape() == q.event_shape()) return;
  throw ShapeError("kl_divergence",
                   fmt::format("events {} and {} differ", to_string(p.event_shape()),
                               to_string(q.event_shape())));
}

Shape part(const Shape& shape, int begin, int end) {
  Shape out;
  for (int i = begin; i < end; ++i) out.push_back(shape[i]);
  return out;
}

}  // namespace internal

namespace {

/// By PyTorch's rule: tensors with dimensions count before those of rank 0, and both before
/// numbers.
DType common_dtype(const std::vector<const Tensor*>& tensors) {
  std::optional<DType> dtype;
  for (const bool scalars : {false, true}) {
    if (dtype) break;
    for (const Tensor* t : tensors) {
      if ((t->rank() == 0) == scalars) dtype = dtype ? promote(*dtype, t->dtype()) : t->dtype();
    }
  }
  return dtype.value_or(DType::f32);
}

}  // namespace

std::vector<Tensor> Distribution::broadcast(std::initializer_list<Parameter> parameters) {
  std::vector<const Tensor*> tensors;
  Device device = kCpu;
  for (const auto& [name, value] : parameters) {
    if (!value.is_tensor()) continue;
    const Tensor& t = value.tensor();
    if (!is_floating(t.dtype())) {
      throw DTypeError(name_, fmt::format("{} must be floating, got {}", name, describe(t)));
    }
    if (tensors.empty()) device = t.device();
    if (t.device() != device) {
      throw DeviceError(
          name_, fmt::format("parameters on {} and {}", to_string(device), to_string(t.device())));
    }
    batch_ = broadcast_shapes(name_, batch_, t.shape());
    tensors.push_back(&t);
  }
  const DType dtype = common_dtype(tensors);
  std::vector<Tensor> out;
  for (const auto& [name, value] : parameters) {
    const Tensor t =
        value.is_tensor() ? value.tensor() : number_tensor(value.number(), dtype, device);
    out.push_back(expand(cast(t, dtype), batch_));
  }
  return out;
}

void Distribution::set_shapes(const Shape& batch, const Shape& event) {
  batch_ = batch;
  event_ = event;
}

Tensor Distribution::in_batch(const Tensor& x, int axes, const Shape& batch) {
  if (!x.defined()) return x;
  return expand(x, joined(batch, internal::part(x.shape(), axes, x.rank())));
}

void Distribution::require_positive(const char* what, const Tensor& x) const {
  require(what, x, "positive", [&] { return x > 0; });
}

void Distribution::require_number(const char* what, const Tensor& x) const {
  require(what, x, "a number", [&] { return x == x; });
}

void Distribution::require_simplex(const Tensor& value) const {
  require("value", value, "at least 0", [&] { return value >= 0; });
  if (!validate_) return;
  constexpr double kPyTorchs = 1e-6;  // too little for halves, and for long sums
  const double rounding = internal::epsilon(value.dtype()) * static_cast<double>(value.size(-1));
  const Tensor total = sum(strata::internal::widened(value.detach()), {-1});
  require("the sum of value", total, "1",
          [&] { return abs(total - 1) < std::max(kPyTorchs, rounding); });
}

void Distribution::require_all(const char* what, const Tensor& x, const char* rule,
                               const Tensor& valid) const {
  if (valid.is_meta() || all(valid).item<bool>()) return;
  const NoGrad no_grad;
  const auto ok = valid.to_vector<bool>();
  const auto values = expand(x, valid.shape()).to_vector<double>();
  size_t bad = 0;
  while (ok[bad]) ++bad;
  throw ValueError(name_,
                   fmt::format("{} must be {}: {} has {}", what, rule, describe(x), values[bad]));
}

Tensor Distribution::fitting(const Tensor& value, DType dtype) const {
  const int events = event_.rank(), axes = value.rank() - events;
  if (axes < 0 || internal::part(value.shape(), axes, value.rank()) != event_) {
    throw ShapeError(name_, fmt::format("value {} does not end in the event's shape {}",
                                        describe(value), to_string(event_)));
  }
  broadcast_shapes(name_, internal::part(value.shape(), 0, axes), batch_);
  return is_floating(value.dtype()) ? value : cast(value, dtype);
}

Shape Distribution::draw_shape(const Shape& sample_shape) const {
  return joined(joined(sample_shape, batch_), event_);
}

}  // namespace strata::distributions
