#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/tape/record.h"

// The activations that are made of other ops. The ways back are written out, because derivatives of
// the parts do not give PyTorch's values at kinks and infinities.
namespace strata {
namespace {

/// In what half types are computed.
Tensor wide(const Tensor& x) { return size_of(x.dtype()) < 4 ? cast(x, DType::f32) : x; }

/// value(x), a fresh tensor, with the way back slope(dy, x) made of ops.
template <class Value, class Slope>
Tensor curve(const char* op, const Tensor& x, Value value, Slope slope) {
  internal::check_floating(op, x);
  Tensor y;
  {
    const NoGrad no_grad;
    y = cast(value(wide(x)), x.dtype());
  }
  return record(op, {x}, y,
                [x = save(x), slope = std::move(slope)](const Tensor& dy, Needs) -> Grads {
                  return {cast(slope(wide(dy), wide(x.get())), dy.dtype())};
                });
}

/// scale x above 0, scale alpha (e^(x / width) - 1) below.
Tensor exponential_linear(const char* op, const Tensor& x, double alpha, double scale,
                          double width) {
  return curve(
      op, x,
      [=](const Tensor& v) {
        return where(v > 0, v * scale, expm1(minimum(v, 0) / width) * (scale * alpha));
      },
      [=](const Tensor& dy, const Tensor& v) {
        const Tensor below = exp(clamp(v, {}, 0) / width) * (scale * alpha / width);
        return dy * where(v > 0, scale, below);
      });
}

/// The gradient where low < x < high, else 0.
Tensor between(const Tensor& dy, const Tensor& x, double low, double high) {
  return where(logical_and(x > low, x < high), dy, 0);
}

}  // namespace

Tensor elu(const Tensor& x, double alpha) { return exponential_linear("elu", x, alpha, 1, 1); }

Tensor selu(const Tensor& x) {
  return exponential_linear("selu", x, 1.6732632423543772848170429916717,
                            1.0507009873554804934193349852946, 1);
}

Tensor celu(const Tensor& x, double alpha) {
  if (alpha == 0) throw ValueError("celu", "alpha must not be 0");
  return exponential_linear("celu", x, alpha, 1, alpha);
}

Tensor mish(const Tensor& x) {
  return curve(
      "mish", x, [](const Tensor& v) { return v * tanh(softplus(v)); },
      [](const Tensor& dy, const Tensor& v) {
        const Tensor t = tanh(softplus(v));
        return dy * (t + v * sigmoid(v) * (1 - square(t)));
      });
}

Tensor hardtanh(const Tensor& x, double low, double high) {
  if (low > high) {
    throw ValueError("hardtanh", fmt::format("the bounds are in wrong order: {}, {}", low, high));
  }
  return curve(
      "hardtanh", x, [=](const Tensor& v) { return clamp(v, low, high); },
      [=](const Tensor& dy, const Tensor& v) { return between(dy, v, low, high); });
}

Tensor relu6(const Tensor& x) { return hardtanh(x, 0, 6); }

Tensor hardsigmoid(const Tensor& x) {
  return curve(
      "hardsigmoid", x, [](const Tensor& v) { return clamp(v + 3, 0, 6) / 6; },
      [](const Tensor& dy, const Tensor& v) { return between(dy / 6, v, -3, 3); });
}

Tensor hardswish(const Tensor& x) {
  return curve(
      "hardswish", x, [](const Tensor& v) { return v * clamp(v + 3, 0, 6) / 6; },
      [](const Tensor& dy, const Tensor& v) {
        return where(v <= -3, 0, where(v >= 3, dy, dy * (v / 3 + 0.5)));
      });
}

Tensor softsign(const Tensor& x) {
  internal::check_floating("softsign", x);
  return cast(wide(x) / (abs(wide(x)) + 1), x.dtype());
}

Tensor logsigmoid(const Tensor& x) {
  // To the last bit: log(1 + e^z) is z from 40 on.
  return curve(
      "logsigmoid", x, [](const Tensor& v) { return -softplus(-v, 1, 40); },
      [](const Tensor& dy, const Tensor& v) { return dy * sigmoid(-v); });
}

Tensor tanhshrink(const Tensor& x) {
  return curve(
      "tanhshrink", x, [](const Tensor& v) { return v - tanh(v); },
      [](const Tensor& dy, const Tensor& v) { return dy * square(tanh(v)); });
}

Tensor softshrink(const Tensor& x, double lambda) {
  if (!(lambda >= 0)) {
    throw ValueError("softshrink", fmt::format("lambda must not be negative, got {}", lambda));
  }
  return curve(
      "softshrink", x, [=](const Tensor& v) { return v - clamp(v, -lambda, lambda); },
      [=](const Tensor& dy, const Tensor& v) { return where(abs(v) > lambda, dy, 0); });
}

Tensor hardshrink(const Tensor& x, double lambda) {
  return curve(
      "hardshrink", x, [=](const Tensor& v) { return where(abs(v) <= lambda, 0, v); },
      [=](const Tensor& dy, const Tensor& v) { return where(abs(v) > lambda, dy, 0); });
}

Tensor threshold(const Tensor& x, double limit, double value) {
  return curve(
      "threshold", x, [=](const Tensor& v) { return where(v <= limit, value, v); },
      [=](const Tensor& dy, const Tensor& v) { return where(v <= limit, 0, dy); });
}

Tensor prelu(const Tensor& x, const Tensor& weight) {
  internal::check_floating("prelu", x);
  const bool fits =
      weight.rank() <= 1 && (weight.numel() == 1 || (x.rank() > 0 && weight.numel() == x.size(-1)));
  if (!fits) {
    throw ShapeError("prelu", fmt::format("weight {} has neither one element nor one for each "
                                          "channel of x {}",
                                          describe(weight), describe(x)));
  }
  // A weight [1] would give a scalar x an axis.
  if (x.rank() == 0 && weight.rank() == 1) return where(x > 0, x, sum(weight) * x);
  return where(x > 0, x, weight * x);
}

Tensor rrelu(const Tensor& x, double low, double high, bool training, Generator& generator) {
  internal::check_floating("rrelu", x);
  if (!(low <= high) || !std::isfinite(low) || !std::isfinite(high)) {
    throw ValueError("rrelu",
                     fmt::format("the slopes must be in [low, high), got {}, {}", low, high));
  }
  if (!training) return leaky_relu(x, (low + high) / 2);
  const Tensor slopes =
      rand(x.shape(), low, high, promote(x.dtype(), DType::f32), x.device(), generator);
  return cast(where(x > 0, x, x * slopes), x.dtype());
}

Tensor glu(const Tensor& x, int axis) {
  internal::check_floating("glu", x);
  axis = normalize_axis("glu", axis, x.rank());
  const int64_t size = x.rank() ? x.size(axis) : 1;
  if (size % 2 != 0) {
    throw ShapeError("glu", fmt::format("axis {} of {} cannot be halved", axis, describe(x)));
  }
  const std::vector<Tensor> halves = split(x, {size / 2, size / 2}, axis);
  return halves[0] * sigmoid(halves[1]);
}

}  // namespace strata
