#include "strata/ops/dropout.h"

#include <cmath>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/dropout.h"
#include "strata/ops/copy.h"
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

}  // namespace

Tensor dropout(const Tensor& x, double p, bool training, Generator& generator) {
  if (!(p >= 0 && p <= 1)) {
    throw ValueError("dropout", fmt::format("p must be in [0, 1], got {}", p));
  }
  if (!is_floating(x.dtype())) {
    throw DTypeError("dropout", fmt::format("needs a floating dtype, got {}", describe(x)));
  }
  if (!training || p == 0) return x;
  Draw draw{generator.seed, generator.next_stream(), 0, 0};  // p = 1: whatever stays is times 0
  if (p < 1) {
    draw.threshold = static_cast<uint32_t>(std::ldexp(p, 32));
    draw.scale = 1 / (1 - p);
  }
  return drop(x, draw);
}

}  // namespace strata
