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

/// What stands beyond the edges: a constant, x mirrored about its edge elements, the edge elements,
/// or x once more from its other end.
enum class PadMode : uint8_t { constant, reflect, replicate, circular };

/// The same with the edges filled from x itself; constant means zeros. Throws ShapeError where more
/// is asked for than x has: `reflect` takes less than the axis' size, `circular` at most what is
/// left of it. Differentiable any number of times. As torch.nn.functional.pad.
Tensor pad(const Tensor& x, std::span<const AxisPad> pads, PadMode mode);
inline Tensor pad(const Tensor& x, std::initializer_list<AxisPad> pads, PadMode mode) {
  return pad(x, std::span(pads.begin(), pads.size()), mode);
}

}  // namespace strata
