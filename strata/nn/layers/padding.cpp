#include "strata/nn/layers/padding.h"

#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::nn {

Tensor PaddingLayer::forward(const Tensor& x) {
  if (x.rank() != axes_ + 1 && x.rank() != axes_ + 2) {
    throw ShapeError(type_, fmt::format("takes inputs of {} or {} axes, channels last, got {}",
                                        axes_ + 1, axes_ + 2, describe(x)));
  }
  std::vector<AxisPad> pads;
  for (int i = 0; i < axes_; ++i) {  // from the last axis before the channels on
    const auto at = static_cast<size_t>(2 * i);
    pads.push_back({x.rank() - 2 - i, sizes_[at], sizes_[at + 1]});
  }
  return mode_ == PadMode::constant ? pad(x, pads, value_) : pad(x, pads, mode_);
}

}  // namespace strata::nn
