#include "strata/ops/conv.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/work_counter.h"
#include "strata/kernels/conv.h"
#include "strata/kernels/work_log.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/pad.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "strata/ops/windows.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

using kernels::Conv2dShape;

/// Calls f(TypeTag) with the C++ type of a dtype that convolutions take.
template <class F>
void visit_conv_dtype(DType dtype, F&& f) {
  if (dtype == DType::f64) return f(TypeTag<double>{});
  if (dtype == DType::bf16) return f(TypeTag<bfloat16>{});
  if (dtype == DType::f16) return f(TypeTag<float16>{});
  f(TypeTag<float>{});
}

// ------------------------------------------------------------------------------------- checks

void check_options(const char* op, const Tensor& w, const Conv2dOptions& o) {
  const auto check = [&](const char* name, Size2 v, int64_t least) {
    if (v.h < least || v.w < least) {
      throw ValueError(op,
                       fmt::format("{} must be at least {}, got {} x {}", name, least, v.h, v.w));
    }
  };
  check("stride", o.stride, 1);
  check("padding", o.padding, 0);
  check("dilation", o.dilation, 1);
  if (o.groups < 1)
    throw ValueError(op, fmt::format("groups must be at least 1, got {}", o.groups));
  checked_numel(op, {w.size(3), o.groups});  // the product cannot overflow then
}

void check_tensors(const char* op, const Tensor& x, const Tensor& w, const Tensor& bias) {
  if (x.rank() != 4) {
    throw ShapeError(op, fmt::format("x must be [N, H, W, C], got {}", describe(x)),
                     x.rank() == 3 ? "unsqueeze(x, 0) makes a batch of one" : "");
  }
  if (w.rank() != 4) {
    throw ShapeError(op, fmt::format("w must have four axes, got {}", describe(w)));
  }
  internal::check_floating(op, x);
  for (const Tensor* other : {&w, &bias}) {
    if (!other->defined()) continue;
    if (other->dtype() != x.dtype()) {
      throw DTypeError(op,
                       fmt::format("x is {}, but {} is {}", describe(x), other == &w ? "w" : "bias",
                                   describe(*other)),
                       "cast() one of them");
    }
    internal::check_same_device(op, x, *other);
  }
}

void check_bias(const char* op, const Tensor& bias, int64_t channels) {
  if (bias.defined() && bias.shape() != Shape{channels}) {
    throw ShapeError(op, fmt::format("bias must be [{}], one for each output channel, got {}",
                                     channels, describe(bias)));
  }
}

struct Padded {
  Tensor x;
  Conv2dOptions options;
};

/// The options with kSamePadding in numbers, and x longer where that is uneven.
Padded with_padding(const Tensor& x, const Tensor& w, const Conv2dOptions& o) {
  const auto h =
      internal::axis_padding("conv2d", 1, o.padding.h, w.size(1), o.stride.h, o.dilation.h);
  const auto v =
      internal::axis_padding("conv2d", 2, o.padding.w, w.size(2), o.stride.w, o.dilation.w);
  Padded p{x, o};
  p.options.padding = {h.before, v.before};
  if (h.after != h.before || v.after != v.before) {
    p.x = pad(x, {{1, 0, h.after - h.before}, {2, 0, v.after - v.before}});
  }
  return p;
}

Conv2dShape with_options(const Conv2dOptions& o) {
  Conv2dShape s;
  s.stride_h = o.stride.h, s.stride_w = o.stride.w;
  s.pad_h = o.padding.h, s.pad_w = o.padding.w;
  s.dilation_h = o.dilation.h, s.dilation_w = o.dilation.w;
  s.groups = o.groups;
  return s;
}

Conv2dShape conv_shape(const Tensor& x, const Tensor& w, const Conv2dOptions& o) {
  Conv2dShape s = with_options(o);
  s.n = x.size(0), s.h = x.size(1), s.w = x.size(2), s.c = x.size(3);
  s.oc = w.size(0), s.kh = w.size(1), s.kw = w.size(2);
  if (s.c == 0 || s.c != w.size(3) * s.groups) {
    throw ShapeError("conv2d",
                     fmt::format("x is {}, with {} channels last, but w is {}, for {} channels{}",
                                 describe(x), s.c, describe(w), w.size(3) * s.groups,
                                 s.groups > 1 ? fmt::format(" in {} groups", s.groups) : ""),
                     x.size(1) == w.size(3) * s.groups ? "images are NHWC: permute(x, {0, 2, 3, 1})"
                                                       : "weights are [out, kh, kw, in / groups]");
  }
  if (s.oc == 0 || s.oc % s.groups != 0) {
    throw ShapeError("conv2d", fmt::format("w is {}: its {} output channels do not split into {} "
                                           "groups",
                                           describe(w), s.oc, s.groups));
  }
  const int64_t tall = s.dilation_h * (s.kh - 1) + 1, wide = s.dilation_w * (s.kw - 1) + 1;
  if (s.kh == 0 || s.kw == 0 || tall > s.h + 2 * s.pad_h || wide > s.w + 2 * s.pad_w) {
    throw ShapeError("conv2d",
                     fmt::format("the window of {} x {} does not fit x {} with padding {} x {}",
                                 tall, wide, describe(x), s.pad_h, s.pad_w),
                     "more padding or a smaller kernel");
  }
  return s;
}

/// Counts the work of `elements` that each meet a group's weights: at most 2^62.
void count_work(const Conv2dShape& s, int64_t elements) {
  const double weights = static_cast<double>(s.kh * s.kw * s.group_c());
  count_macs(static_cast<int64_t>(std::min(static_cast<double>(elements) * weights, 0x1p62)));
}

// ---------------------------------------------- the three passes, each the way back of the others

Shape x_shape(const Conv2dShape& s) { return {s.n, s.h, s.w, s.c}; }
Shape w_shape(const Conv2dShape& s) { return {s.oc, s.kh, s.kw, s.group_c()}; }
Shape y_shape(const Conv2dShape& s) { return {s.n, s.oh(), s.ow(), s.oc}; }

void check_residual(const Conv2dShape& s, const Tensor& x, const Tensor& residual) {
  if (residual.shape() != y_shape(s)) {
    throw ShapeError("conv2d", fmt::format("residual must be {}, like the result, got {}",
                                           to_string(y_shape(s)), describe(residual)));
  }
  if (residual.dtype() != x.dtype()) {
    throw DTypeError("conv2d",
                     fmt::format("x is {}, but residual {}", describe(x), describe(residual)),
                     "cast() one of them");
  }
  internal::check_same_device("conv2d", x, residual);
}

Tensor forward(const Conv2dShape& s, const Tensor& x, const Tensor& w, const Tensor& bias,
               bool relu, const Tensor& residual = {});

std::pair<Tensor, Tensor> weights_grad(const Conv2dShape& s, const Tensor& x_any,
                                       const Tensor& dy_any, bool with_bias);

Tensor data_grad(const Conv2dShape& s, const Tensor& dy_any, const Tensor& w_any, const char* op) {
  const Tensor dy = contiguous(dy_any), w = contiguous(w_any);
  Tensor dx = empty(x_shape(s), dy.dtype(), dy.device(), op);
  on_cpu(op, dy, [&](Cpu) {
    const kernels::LoggedWork logged(s, kernels::ConvPass::data);
    visit_conv_dtype(dy.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      kernels::conv2d_backward_data(s, dy.data<T>(), w.data<T>(), dx.data<T>());
    });
  });
  return record(op, {dy, w}, dx,
                [s, dy = save(dy), w = save(w)](const Tensor& ddx, Needs needs) -> Grads {
                  Grads grads(2);
                  if (needs[0]) grads[0] = forward(s, ddx, w.get(), {}, false);
                  if (needs[1]) grads[1] = weights_grad(s, ddx, dy.get(), false).first;
                  return grads;
                });
}

std::pair<Tensor, Tensor> weights_grad(const Conv2dShape& s, const Tensor& x_any,
                                       const Tensor& dy_any, bool with_bias) {
  const char* op = "conv2d_weights_grad";
  const Tensor x = contiguous(x_any), dy = contiguous(dy_any);
  Tensor dw = empty(w_shape(s), x.dtype(), x.device(), op);
  Tensor dbias;
  if (with_bias) dbias = empty({s.oc}, x.dtype(), x.device(), op);
  on_cpu(op, x, [&](Cpu) {
    const kernels::LoggedWork logged(s, kernels::ConvPass::weights);
    visit_conv_dtype(x.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      kernels::conv2d_backward_weights(s, x.data<T>(), dy.data<T>(), dw.data<T>(),
                                       with_bias ? dbias.data<T>() : nullptr);
    });
  });
  std::vector<Tensor> results{dw};
  if (with_bias) results.push_back(dbias);
  results =
      record(op, {x, dy}, std::move(results),
             [s, x = save(x), dy = save(dy)](const std::vector<Tensor>& dds, Needs needs) -> Grads {
               Grads grads(2);
               const Tensor& ddw = dds[0];
               if (needs[0] && ddw.defined()) {
                 grads[0] = data_grad(s, dy.get(), ddw, "conv2d_data_grad");
               }
               if (needs[1]) {
                 const Tensor ddbias = dds.size() > 1 ? dds[1] : Tensor();
                 const Tensor zero =
                     ddw.defined() ? ddw : zeros(w_shape(s), x.get().dtype(), x.get().device());
                 grads[1] = forward(s, x.get(), zero, ddbias, false);
               }
               return grads;
             });
  return {results[0], with_bias ? results[1] : Tensor()};
}

/// A residual has no gradient here: see conv2d.
Tensor forward(const Conv2dShape& s, const Tensor& x_any, const Tensor& w_any,
               const Tensor& bias_any, bool relu, const Tensor& residual_any) {
  const Tensor x = contiguous(x_any), w = contiguous(w_any);
  const Tensor bias = bias_any.defined() ? contiguous(bias_any) : bias_any;
  const Tensor residual = residual_any.defined() ? contiguous(residual_any) : residual_any;
  Tensor y = empty(y_shape(s), x.dtype(), x.device(), "conv2d");
  count_work(s, y.numel());
  on_cpu("conv2d", x, [&](Cpu) {
    const kernels::LoggedWork logged(s, kernels::ConvPass::forward);
    visit_conv_dtype(x.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* b = bias.defined() ? bias.data<T>() : nullptr;
      if (residual.defined()) {
        kernels::conv2d_add(s, x.data<T>(), w.data<T>(), b, residual.data<T>(), relu, y.data<T>());
      } else {
        kernels::conv2d(s, x.data<T>(), w.data<T>(), b, relu, y.data<T>());
      }
    });
  });
  return record("conv2d", {x, w, bias}, y,
                [s, x = save(x), w = save(w), y = relu ? save_output(y) : SavedOutput()](
                    const Tensor& dy, Needs needs) -> Grads {
                  const Tensor result = y.get();
                  const Tensor dz = result.defined() ? relu_backward(dy, result) : dy;
                  Grads grads(3);
                  if (needs[0]) grads[0] = data_grad(s, dz, w.get(), "conv2d_data_grad");
                  if (needs[1]) {
                    std::tie(grads[1], grads[2]) = weights_grad(s, x.get(), dz, needs[2]);
                  } else if (needs[2]) {
                    grads[2] = sum(dz, {0, 1, 2});
                  }
                  return grads;
                });
}

}  // namespace

Tensor conv2d(const Tensor& x, const Tensor& w, const Tensor& bias, const Conv2dOptions& options,
              const Tensor& residual) {
  check_tensors("conv2d", x, w, bias);
  const Padded p = with_padding(x, w, options);
  check_options("conv2d", w, p.options);
  const Conv2dShape s = conv_shape(p.x, w, p.options);
  check_bias("conv2d", bias, s.oc);
  if (!residual.defined()) return forward(s, p.x, w, bias, options.relu);
  check_residual(s, x, residual);
  const bool recorded =
      x.requires_grad() || w.requires_grad() || bias.requires_grad() || residual.requires_grad();
  if (!grad_enabled() || !recorded) return forward(s, p.x, w, bias, options.relu, residual);
  const Tensor y = forward(s, p.x, w, bias, false);
  return options.relu ? add_relu(y, residual) : y + residual;
}

Tensor conv_transpose2d(const Tensor& x, const Tensor& w, const Tensor& bias,
                        const ConvTranspose2dOptions& o) {
  const char* op = "conv_transpose2d";
  check_tensors(op, x, w, bias);
  const Conv2dOptions options{
      .stride = o.stride, .padding = o.padding, .dilation = o.dilation, .groups = o.groups};
  check_options(op, w, options);
  internal::check_not_huge(op, {o.stride.h, o.stride.w, o.padding.h, o.padding.w, o.dilation.h,
                                o.dilation.w, w.size(1), w.size(2)});
  if (x.size(3) != w.size(0) || x.size(3) == 0 || x.size(3) % o.groups != 0 || w.size(3) == 0) {
    throw ShapeError(op,
                     fmt::format("x is {}, with {} channels last, but w is {}, for {} in {} groups",
                                 describe(x), x.size(3), describe(w), w.size(0), o.groups),
                     "weights are [in, kh, kw, out / groups]");
  }
  const Size2 extra = o.output_padding;
  if (extra.h < 0 || extra.w < 0 || extra.h >= std::max(o.stride.h, o.dilation.h) ||
      extra.w >= std::max(o.stride.w, o.dilation.w)) {
    throw ValueError(op, fmt::format("output_padding {} x {} must be less than stride or dilation",
                                     extra.h, extra.w));
  }
  // With an output padding of the stride or more no conv2d takes the result to x: there it is made
  // without padding and lengthened by zeros, and the padding is cut off last.
  const bool far_h = extra.h >= o.stride.h, far_w = extra.w >= o.stride.w;
  Conv2dShape s = with_options(options);
  s.oc = x.size(3), s.kh = w.size(1), s.kw = w.size(2), s.c = w.size(3) * o.groups;
  s.n = x.size(0);
  for (const Shape& reach : {Shape{x.size(1), s.stride_h}, Shape{x.size(2), s.stride_w}}) {
    checked_numel(op, reach);  // the products cannot overflow then
  }
  const int64_t reach_h = (x.size(1) - 1) * s.stride_h + s.dilation_h * (s.kh - 1) + 1;
  const int64_t reach_w = (x.size(2) - 1) * s.stride_w + s.dilation_w * (s.kw - 1) + 1;
  s.h = reach_h - 2 * s.pad_h + extra.h, s.w = reach_w - 2 * s.pad_w + extra.w;
  if (s.kh == 0 || s.kw == 0 || x.size(1) == 0 || x.size(2) == 0 || s.h < 1 || s.w < 1) {
    throw ShapeError(op, fmt::format("{} and kernel {} with padding {} x {} leave a result of "
                                     "{} x {}",
                                     describe(x), describe(w), s.pad_h, s.pad_w, s.h, s.w));
  }
  check_bias(op, bias, s.c);
  count_work(s, x.numel());
  Conv2dShape made = s;
  if (far_h) made.h = reach_h, made.pad_h = 0;
  if (far_w) made.w = reach_w, made.pad_w = 0;
  Tensor y = data_grad(made, x, w, op);
  if (far_h) y = slice(pad(y, {{1, 0, extra.h}}), 1, s.pad_h, s.pad_h + s.h);
  if (far_w) y = slice(pad(y, {{2, 0, extra.w}}), 2, s.pad_w, s.pad_w + s.w);
  return bias.defined() ? add(y, bias) : y;
}

}  // namespace strata
