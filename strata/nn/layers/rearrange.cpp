#include "strata/nn/layers/rearrange.h"

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/ops/rearrange.h"

namespace strata::nn {

Tensor Pad2d::forward(const Tensor& x) {
  if (x.rank() != 4) {
    throw ShapeError("Pad2d", "x must be [N, H, W, C], got " + describe(x));
  }
  const AxisPad pads[] = {{1, config_.top, config_.bottom}, {2, config_.left, config_.right}};
  if (config_.mode == PadMode::constant) return pad(x, pads, config_.value);
  return pad(x, pads, config_.mode);
}

PixelShuffle::PixelShuffle(int64_t factor) : factor_(factor) {
  require_positive("PixelShuffle", {{"factor", factor}});
}
Tensor PixelShuffle::forward(const Tensor& x) { return pixel_shuffle(x, factor_); }

PixelUnshuffle::PixelUnshuffle(int64_t factor) : factor_(factor) {
  require_positive("PixelUnshuffle", {{"factor", factor}});
}
Tensor PixelUnshuffle::forward(const Tensor& x) { return pixel_unshuffle(x, factor_); }

Tensor Unfold::forward(const Tensor& x) { return unfold(x, options_); }

Tensor Fold::forward(const Tensor& x) { return fold(x, size_, options_); }

}  // namespace strata::nn
