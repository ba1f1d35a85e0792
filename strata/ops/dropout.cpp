#include "strata/ops/dropout.h"

#include <cmath>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/dropout.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

/// One draw: which elements go. As a linear map it is its own way back.
struct Draw {
  uint64_t seed, stream;
  uint32_t threshold;
  double scale;
};

Tensor drop(const Tensor& x, const Draw& draw) {
  Tensor y = empty_like(x, "dropout");
  const Tensor source = contiguous(x.detach());
  on_cpu("dropout", x, [&](Cpu cpu) {
    kernels::dropout(cpu, source, draw.seed, draw.stream, draw.threshold, draw.scale, y);
  });
  return record("dropout", {x}, y,
                [draw](const Tensor& dy, Needs) -> Grads { return {drop(dy, draw)}; });
}

void check(const char* op, const Tensor& x, double p) {
  if (!(p >= 0 && p <= 1)) {
    throw ValueError(op, fmt::format("p must be in [0, 1], got {}", p));
  }
  if (!is_floating(x.dtype())) {
    throw DTypeError(op, fmt::format("needs a floating dtype, got {}", describe(x)));
  }
}

/// What stays is times `scale`; with p = 1 whatever stays is times 0.
Draw draw_of(double p, double scale, Generator& generator) {
  Draw draw{generator.seed, generator.next_stream(), 0, 0};
  if (p < 1) {
    draw.threshold = static_cast<uint32_t>(std::ldexp(p, 32));
    draw.scale = scale;
  }
  return draw;
}

/// x's shape with the axes between samples and channels of size 1.
Shape channels_of(const Tensor& x) {
  Shape shape = Shape::filled(x.rank(), 1);
  shape[0] = x.shape()[0];
  shape.back() = x.shape().back();
  return shape;
}

/// The factors of a draw for x: f64 for f64, else f32, in which what they are multiplied with is
/// computed.
Tensor factors(const Tensor& x, const Shape& shape, const Draw& draw) {
  return drop(ones(shape, promote(x.dtype(), DType::f32), x.device()), draw);
}

Tensor drop_channels(const char* op, const char* layout, int rank, const Tensor& x, double p,
                     bool training, Generator& generator) {
  check(op, x, p);
  if (x.rank() != rank) {
    throw ShapeError(op, fmt::format("x must be {}, got {}", layout, describe(x)));
  }
  if (!training || p == 0) return x;
  return cast(x * factors(x, channels_of(x), draw_of(p, 1 / (1 - p), generator)), x.dtype());
}

/// One choice for each element of `shape`, which broadcasts to x's.
Tensor drop_to_limit(const char* op, const Tensor& x, const Shape& shape, double p, bool training,
                     Generator& generator) {
  check(op, x, p);
  if (!training || p == 0) return x;
  const Draw draw = draw_of(p, 1, generator);
  if (p == 1) return drop(x, draw);
  constexpr double kLimit = 1.7580993408473766;  // -selu(-infinity)
  const double scale = 1 / std::sqrt((kLimit * kLimit * p + 1) * (1 - p));
  const Tensor stays = factors(x, shape, draw);
  return cast(x * (stays * scale) + (stays - (1 - p)) * (kLimit * scale), x.dtype());
}

}  // namespace

Tensor dropout(const Tensor& x, double p, bool training, Generator& generator) {
  check("dropout", x, p);
  if (!training || p == 0) return x;
  return drop(x, draw_of(p, 1 / (1 - p), generator));
}

Tensor dropout1d(const Tensor& x, double p, bool training, Generator& generator) {
  return drop_channels("dropout1d", "[N, L, C]", 3, x, p, training, generator);
}

Tensor dropout2d(const Tensor& x, double p, bool training, Generator& generator) {
  return drop_channels("dropout2d", "[N, H, W, C]", 4, x, p, training, generator);
}

Tensor dropout3d(const Tensor& x, double p, bool training, Generator& generator) {
  return drop_channels("dropout3d", "[N, D, H, W, C]", 5, x, p, training, generator);
}

Tensor alpha_dropout(const Tensor& x, double p, bool training, Generator& generator) {
  return drop_to_limit("alpha_dropout", x, x.shape(), p, training, generator);
}

Tensor feature_alpha_dropout(const Tensor& x, double p, bool training, Generator& generator) {
  const char* op = "feature_alpha_dropout";
  if (x.rank() < 2) {
    throw ShapeError(op, fmt::format("x must be [N, ..., C], got {}", describe(x)));
  }
  return drop_to_limit(op, x, channels_of(x), p, training, generator);
}

}  // namespace strata
