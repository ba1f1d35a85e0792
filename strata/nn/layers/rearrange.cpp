#include "strata/nn/layers/rearrange.h"

#include <span>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/ops/rearrange.h"

namespace strata::nn {
namespace {

/// `layout` is what x must be, one pad for each axis between samples and channels.
Tensor padded(const char* layer, const char* layout, const Tensor& x, std::span<const AxisPad> pads,
              PadMode mode, double value) {
  if (x.rank() != static_cast<int>(pads.size()) + 2) {
    throw ShapeError(layer, fmt::format("x must be {}, got {}", layout, describe(x)));
  }
  return mode == PadMode::constant ? pad(x, pads, value) : pad(x, pads, mode);
}

}  // namespace

Tensor Pad1d::forward(const Tensor& x) {
  const AxisPad pads[] = {{1, config_.left, config_.right}};
  return padded("Pad1d", "[N, L, C]", x, pads, config_.mode, config_.value);
}

Tensor Pad2d::forward(const Tensor& x) {
  const AxisPad pads[] = {{1, config_.top, config_.bottom}, {2, config_.left, config_.right}};
  return padded("Pad2d", "[N, H, W, C]", x, pads, config_.mode, config_.value);
}

Tensor Pad3d::forward(const Tensor& x) {
  const AxisPad pads[] = {{1, config_.front, config_.back},
                          {2, config_.top, config_.bottom},
                          {3, config_.left, config_.right}};
  return padded("Pad3d", "[N, D, H, W, C]", x, pads, config_.mode, config_.value);
}

PixelShuffle::PixelShuffle(int64_t factor) : factor_(factor) {
  require_positive("PixelShuffle", {{"factor", factor}});
}
Tensor PixelShuffle::forward(const Tensor& x) { return pixel_shuffle(x, factor_); }

PixelUnshuffle::PixelUnshuffle(int64_t factor) : factor_(factor) {
  require_positive("PixelUnshuffle", {{"factor", factor}});
}
Tensor PixelUnshuffle::forward(const Tensor& x) { return pixel_unshuffle(x, factor_); }

ChannelShuffle::ChannelShuffle(int64_t groups) : groups_(groups) {
  require_positive("ChannelShuffle", {{"groups", groups}});
}
Tensor ChannelShuffle::forward(const Tensor& x) { return channel_shuffle(x, groups_); }

Tensor Unfold::forward(const Tensor& x) { return unfold(x, options_); }

Tensor Fold::forward(const Tensor& x) { return fold(x, size_, options_); }

}  // namespace strata::nn
