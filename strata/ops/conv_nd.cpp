#include "strata/ops/conv_nd.h"

#include <algorithm>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/conv.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/joining.h"
#include "strata/ops/pad.h"
#include "strata/ops/views.h"
#include "strata/ops/windows.h"

namespace strata {
namespace {

/// A convolution along one axis. A transpose's result is `extra` longer at the end, for the others
/// the padding there is.
struct Axis {
  int64_t stride, padding, dilation, extra = 0;
};

struct Call {
  const char* op;
  const Tensor &x, &w, &bias;
  int64_t groups;
};

void check_ranks(const Call& c, int rank) {
  const char* x_layout = rank == 3 ? "[N, L, C]" : "[N, D, H, W, C]";
  if (c.x.rank() != rank) {
    throw ShapeError(c.op, fmt::format("x must be {}, got {}", x_layout, describe(c.x)),
                     c.x.rank() == rank - 1 ? "unsqueeze(x, 0) makes a batch of one" : "");
  }
  if (c.w.rank() != rank) {
    throw ShapeError(c.op, fmt::format("w must have {} axes, got {}", rank, describe(c.w)));
  }
  if (c.groups < 1) {
    throw ValueError(c.op, fmt::format("groups must be at least 1, got {}", c.groups));
  }
  checked_numel(c.op, {c.w.shape().back(), c.groups});  // the product cannot overflow then
}

/// `in` channels of x come together in each weight, `out` are the result's.
void check_channels(const Call& c, int64_t in, int64_t out) {
  const int64_t channels = c.x.shape().back();
  if (channels == 0 || channels != in || channels % c.groups || out == 0 || out % c.groups) {
    throw ShapeError(
        c.op,
        fmt::format("x is {}, with {} channels last, but w is {}, for {} to {} in {} groups",
                    describe(c.x), channels, describe(c.w), in, out, c.groups),
        channels != in && c.x.size(1) == in
            ? "channels are last: permute x"
            : "weights are [out, kernel, in / groups], those of a transpose [in, kernel, out / "
              "groups]");
  }
  if (c.bias.defined() && c.bias.shape() != Shape{out}) {
    throw ShapeError(c.op, fmt::format("bias must be [{}], one for each output channel, got {}",
                                       out, describe(c.bias)));
  }
}

void check_axis(const Call& c, int i, const Axis& a) {
  internal::check_not_huge(c.op, {c.w.shape()[i], a.stride, a.padding, a.dilation, a.extra});
  if (a.stride < 1 || a.dilation < 1 || a.padding < 0 || a.extra < 0) {
    throw ValueError(c.op, fmt::format("stride {} and dilation {} must be at least 1, padding {} "
                                       "and output_padding {} at least 0",
                                       a.stride, a.dilation, a.padding, a.extra));
  }
}

/// That of axis `i`, with kSamePadding in numbers.
Axis axis_of(const Call& c, int i, int64_t stride, int64_t padding, int64_t dilation) {
  const AxisPad p = internal::axis_padding(c.op, i, padding, c.w.shape()[i], stride, dilation);
  return {stride, p.before, dilation, p.after - p.before};
}

/// The length of axis `i` of the result. Throws ShapeError where no window fits.
int64_t length(const Call& c, int i, const Axis& a) {
  check_axis(c, i, a);
  const int64_t wide = a.dilation * (c.w.shape()[i] - 1) + 1;
  const int64_t room = c.x.shape()[i] + 2 * a.padding + a.extra - wide;
  if (c.w.shape()[i] == 0 || room < 0) {
    throw ShapeError(c.op,
                     fmt::format("w {} with dilation {} does not fit axis {} of x {} with "
                                 "padding {}",
                                 describe(c.w), a.dilation, i, describe(c.x), a.padding),
                     "more padding or a smaller kernel");
  }
  return room / a.stride + 1;
}

/// The same of a transpose.
int64_t transposed_length(const Call& c, int i, const Axis& a) {
  check_axis(c, i, a);
  if (a.extra >= std::max(a.stride, a.dilation)) {
    throw ValueError(
        c.op, fmt::format("output_padding {} must be less than stride or dilation", a.extra));
  }
  checked_numel(c.op, {c.x.shape()[i], a.stride});  // the product cannot overflow then
  const int64_t whole =
      (c.x.shape()[i] - 1) * a.stride + a.dilation * (c.w.shape()[i] - 1) + a.extra + 1;
  if (c.x.shape()[i] == 0 || c.w.shape()[i] == 0 || whole <= 2 * a.padding) {
    throw ShapeError(c.op, fmt::format("x {} and w {} with padding {} leave nothing along axis {}",
                                       describe(c.x), describe(c.w), a.padding, i));
  }
  return whole - 2 * a.padding;
}

/// Weights [a, kd, kh, kw, b] as [a, kh, kw, kd * b]: those of images whose channels are the taps
/// along the depth.
Tensor flat_weights(const Tensor& w) {
  return reshape(permute(w, {0, 2, 3, 1, 4}),
                 {w.size(0), w.size(2), w.size(3), w.size(1) * w.size(4)});
}

/// The `count` results' taps along the depth as channels, group by group:
/// [N * count, H, W, groups * kd * C / groups].
Tensor depth_taps(const Tensor& x, int64_t count, int64_t kd, const Axis& a, int64_t groups) {
  const Shape s = x.shape();
  const bool longer = a.padding > 0 || a.extra > 0;
  const Tensor padded = longer ? pad(x, {{1, a.padding, a.padding + a.extra}}) : x;
  const Tensor split = reshape(padded, {s[0], padded.size(1), s[2] * s[3], groups, s[4] / groups});
  std::vector<Tensor> taps;
  for (int64_t k = 0; k < kd; ++k) {
    const int64_t begin = k * a.dilation;
    taps.push_back(slice(split, 1, begin, begin + (count - 1) * a.stride + 1, a.stride));
  }
  return reshape(stack(taps, 4), {s[0] * count, s[2], s[3], kd * s[4]});
}

}  // namespace

Tensor conv1d(const Tensor& x, const Tensor& w, const Tensor& bias, const Conv1dOptions& o) {
  const Call c{"conv1d", x, w, bias, o.groups};
  check_ranks(c, 3);
  check_channels(c, w.size(2) * o.groups, w.size(0));
  length(c, 1, axis_of(c, 1, o.stride, o.padding, o.dilation));
  const Tensor y = conv2d(unsqueeze(x, 1), unsqueeze(w, 1), bias,
                          {.stride = {1, o.stride},
                           .padding = {0, o.padding},
                           .dilation = {1, o.dilation},
                           .groups = o.groups,
                           .relu = o.relu});
  return squeeze(y, 1);
}

Tensor conv_transpose1d(const Tensor& x, const Tensor& w, const Tensor& bias,
                        const ConvTranspose1dOptions& o) {
  const Call c{"conv_transpose1d", x, w, bias, o.groups};
  check_ranks(c, 3);
  check_channels(c, w.size(0), w.size(2) * o.groups);
  transposed_length(c, 1, {o.stride, o.padding, o.dilation, o.output_padding});
  const Tensor y = conv_transpose2d(unsqueeze(x, 1), unsqueeze(w, 1), bias,
                                    {.stride = {1, o.stride},
                                     .padding = {0, o.padding},
                                     .output_padding = {0, o.output_padding},
                                     .dilation = {1, o.dilation},
                                     .groups = o.groups});
  return squeeze(y, 1);
}

Tensor conv3d(const Tensor& x, const Tensor& w, const Tensor& bias, const Conv3dOptions& o) {
  const Call c{"conv3d", x, w, bias, o.groups};
  check_ranks(c, 5);
  check_channels(c, w.size(4) * o.groups, w.size(0));
  const Axis deep = axis_of(c, 1, o.stride.d, o.padding.d, o.dilation.d);
  const int64_t depth = length(c, 1, deep);
  const int64_t height = length(c, 2, axis_of(c, 2, o.stride.h, o.padding.h, o.dilation.h));
  const int64_t width = length(c, 3, axis_of(c, 3, o.stride.w, o.padding.w, o.dilation.w));
  const Tensor y = conv2d(depth_taps(x, depth, w.size(1), deep, o.groups), flat_weights(w), bias,
                          {.stride = {o.stride.h, o.stride.w},
                           .padding = {o.padding.h, o.padding.w},
                           .dilation = {o.dilation.h, o.dilation.w},
                           .groups = o.groups,
                           .relu = o.relu});
  return reshape(y, {x.size(0), depth, height, width, w.size(0)});
}

Tensor conv_transpose3d(const Tensor& x, const Tensor& w, const Tensor& bias,
                        const ConvTranspose3dOptions& o) {
  const Call c{"conv_transpose3d", x, w, bias, o.groups};
  check_ranks(c, 5);
  const int64_t n = x.size(0), d = x.size(1), kd = w.size(1), part = w.size(4);
  const int64_t out = part * o.groups;
  check_channels(c, w.size(0), out);
  const Axis deep{o.stride.d, o.padding.d, o.dilation.d, o.output_padding.d};
  const int64_t depth = transposed_length(c, 1, deep);
  const int64_t height =
      transposed_length(c, 2, {o.stride.h, o.padding.h, o.dilation.h, o.output_padding.h});
  const int64_t width =
      transposed_length(c, 3, {o.stride.w, o.padding.w, o.dilation.w, o.output_padding.w});
  // Each image gives kd results; those that fall on one depth are summed.
  const Tensor taps =
      conv_transpose2d(reshape(x, {n * d, x.size(2), x.size(3), x.size(4)}), flat_weights(w), {},
                       {.stride = {o.stride.h, o.stride.w},
                        .padding = {o.padding.h, o.padding.w},
                        .output_padding = {o.output_padding.h, o.output_padding.w},
                        .dilation = {o.dilation.h, o.dilation.w},
                        .groups = o.groups});
  const int64_t plane = height * width;
  const Tensor by_tap =
      permute(reshape(taps, {n, d, plane, o.groups, kd, part}), {0, 1, 4, 2, 3, 5});
  const Tensor none = zeros({n, depth + 2 * deep.padding, plane * out}, x.dtype(), x.device());
  const Tensor places = internal::window_index(d, kd, deep.stride, deep.dilation, x.device());
  const Tensor sums = index_add(none, 1, places, reshape(by_tap, {n, d * kd, plane * out}));
  const Tensor y =
      reshape(slice(sums, 1, deep.padding, deep.padding + depth), {n, depth, height, width, out});
  return bias.defined() ? add(y, bias) : y;
}

}  // namespace strata
