#include "strata/ops/pad.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

constexpr int64_t kMost = int64_t{1} << 59;  // far beyond any memory, far from overflow

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

}  // namespace strata
