#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include "strata/tensor/tensor.h"

namespace strata {

/// Elements to add in front of and behind an axis; negative ones are cut off.
struct AxisPad {
  int64_t axis;
  int64_t before = 0;
  int64_t after = 0;
};

/// A copy of x with `value` added around it, or with its edges cut off:
/// `pad(images, {{1, 2, 2}, {2, 2, 2}})` adds two rows and columns on each side of NHWC images.
/// Throws ShapeError where less than nothing would be left, IndexError for an axis that x does not
/// have, ValueError for one named twice. As torch.nn.functional.pad(mode="constant").
Tensor pad(const Tensor& x, std::span<const AxisPad> pads, double value = 0);
inline Tensor pad(const Tensor& x, std::initializer_list<AxisPad> pads, double value = 0) {
  return pad(x, std::span(pads.begin(), pads.size()), value);
}

}  // namespace strata
