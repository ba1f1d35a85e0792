#include "strata/ops/pad.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/copy.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

constexpr int64_t kMost = int64_t{1} << 59;  // far beyond any memory, far from overflow

/// Where the elements of a padded axis of `size` come from.
Tensor places(PadMode mode, int64_t size, const AxisPad& p, Device device) {
  const Tensor i = arange(static_cast<double>(-p.before), static_cast<double>(size + p.after), 1,
                          DType::i64, device);
  switch (mode) {
    case PadMode::reflect: return (size - 1) - abs((size - 1) - abs(i));
    case PadMode::circular: return where(i < 0, i + size, where(i >= size, i - size, i));
    default: return clamp(i, 0, size - 1);
  }
}

}  // namespace

Tensor pad(const Tensor& x, std::span<const AxisPad> pads, double value) {
  Shape shape = x.shape(), kept = x.shape();
  Dims seen = Dims::filled(x.rank(), 0);
  Dims from = seen, to = seen;  // first kept element of x, and its place in the result
  for (const auto& [axis, before, after] : pads) {
    if (x.rank() == 0) throw ShapeError("pad", "a scalar has no axis to pad", "reshape(x, {1})");
    const int i = normalize_axis("pad", axis, x.rank());
    if (seen[i]++) throw ValueError("pad", fmt::format("axis {} is named twice", axis));
    const bool sane = std::min(before, after) >= -kMost && std::max(before, after) <= kMost;
    if (sane) shape[i] += before + after;
    if (!sane || shape[i] < 0) {
      throw ShapeError("pad", fmt::format("{} before and {} after axis {} do not fit {}", before,
                                          after, axis, describe(x)));
    }
    from[i] = std::max<int64_t>(0, -before);
    to[i] = std::max<int64_t>(0, before);
    kept[i] += std::min<int64_t>(0, before) + std::min<int64_t>(0, after);
  }
  Tensor y = full(shape, value, x.dtype(), x.device());
  const bool any = std::all_of(kept.begin(), kept.end(), [](int64_t d) { return d > 0; });
  on_cpu("pad", x, [&](Cpu cpu) {
    if (!any) return;
    int64_t source = x.offset(), place = 0;
    for (int i = 0; i < x.rank(); ++i) {
      source += from[i] * x.strides()[i];
      place += to[i] * y.strides()[i];
    }
    Tensor inner = y.as_strided(kept, y.strides(), place);
    kernels::copy(cpu, x.as_strided(kept, x.strides(), source), inner);
  });
  std::vector<AxisPad> back(pads.begin(), pads.end());
  for (AxisPad& p : back) p = {p.axis, -p.before, -p.after};
  return record("pad", {x}, y, [back = std::move(back)](const Tensor& dy, Needs) -> Grads {
    return {pad(dy, back)};
  });
}

Tensor pad(const Tensor& x, std::span<const AxisPad> pads, PadMode mode) {
  if (mode == PadMode::constant) return pad(x, pads, 0.0);
  Dims seen = Dims::filled(x.rank(), 0);
  Tensor y = x;
  for (const AxisPad& p : pads) {
    if (x.rank() == 0) throw ShapeError("pad", "a scalar has no axis to pad", "reshape(x, {1})");
    const int axis = normalize_axis("pad", p.axis, x.rank());
    if (seen[axis]++) throw ValueError("pad", fmt::format("axis {} is named twice", axis));
    const int64_t size = x.shape()[axis];
    // PyTorch wraps what is left of x; mirrored and edge elements are those of the whole.
    const bool wraps = mode == PadMode::circular;
    const AxisPad cut{axis, wraps ? std::min<int64_t>(0, p.before) : 0,
                      wraps ? std::min<int64_t>(0, p.after) : 0};
    const int64_t most = mode == PadMode::reflect ? size - 1
                         : wraps ? size + std::max(cut.before, -size) + std::max(cut.after, -size)
                         : size > 0 ? kMost
                                    : 0;
    const bool fits = std::max(p.before, p.after) <= most && std::min(p.before, p.after) >= -size &&
                      p.before + p.after >= -size;
    if (!fits) {
      throw ShapeError("pad",
                       fmt::format("{} before and {} after axis {} do not fit {}", p.before,
                                   p.after, axis, describe(x)),
                       mode == PadMode::reflect ? "reflect takes less than the axis' size" : "");
    }
    if (cut.before < 0 || cut.after < 0) y = pad(y, {cut}, 0.0);
    const AxisPad rest{axis, p.before - cut.before, p.after - cut.after};
    if (rest.before == 0 && rest.after == 0) continue;
    y = index_select(y, axis, places(mode, y.size(axis), rest, x.device()));
  }
  return y;
}

}  // namespace strata
