#pragma once

#include <cstdint>

namespace strata::kernels {

/// Sizes of a 2-D convolution. Images are [n, h, w, c], weights [oc, kh, kw, c / groups], results
/// [n, oh(), ow(), oc]; the padding is the same on opposite sides.
struct Conv2dShape {
  int64_t n = 1, h = 1, w = 1, c = 1;
  int64_t oc = 1, kh = 1, kw = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t pad_h = 0, pad_w = 0;
  int64_t dilation_h = 1, dilation_w = 1;
  int64_t groups = 1;

  int64_t oh() const { return (h + 2 * pad_h - dilation_h * (kh - 1) - 1) / stride_h + 1; }
  int64_t ow() const { return (w + 2 * pad_w - dilation_w * (kw - 1) - 1) / stride_w + 1; }
  int64_t group_c() const { return c / groups; }
  int64_t group_oc() const { return oc / groups; }
  int64_t x_size() const { return n * h * w * c; }
  int64_t w_size() const { return oc * kh * kw * group_c(); }
  int64_t y_size() const { return n * oh() * ow() * oc; }
  /// Multiplications of one pass, taps on the padding included.
  double macs() const {
    return static_cast<double>(y_size()) * static_cast<double>(kh * kw * group_c());
  }
  bool operator==(const Conv2dShape&) const = default;
};

/// y = x * w + bias, then relu if asked for; `bias` is null or oc elements. Sums run in f64 for
/// f64, else in f32; Half is bfloat16 or float16. In all three passes the bits follow the shape and
/// the instruction set only, never the thread count.
void conv2d(const Conv2dShape& s, const float* x, const float* w, const float* bias, bool relu,
            float* y);
void conv2d(const Conv2dShape& s, const double* x, const double* w, const double* bias, bool relu,
            double* y);
template <class Half>
void conv2d(const Conv2dShape& s, const Half* x, const Half* w, const Half* bias, bool relu,
            Half* y);

/// y = x * w + bias + residual, then relu if asked for; `residual` is laid out as y. A window of
/// one pixel adds it to the sums before they are stored, others in a pass of its own.
void conv2d_add(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                const float* residual, bool relu, float* y);
void conv2d_add(const Conv2dShape& s, const double* x, const double* w, const double* bias,
                const double* residual, bool relu, double* y);
template <class Half>
void conv2d_add(const Conv2dShape& s, const Half* x, const Half* w, const Half* bias,
                const Half* residual, bool relu, Half* y);

/// dx from dy: also the transposed convolution, whose result is then [n, h, w, c].
void conv2d_backward_data(const Conv2dShape& s, const float* dy, const float* w, float* dx);
void conv2d_backward_data(const Conv2dShape& s, const double* dy, const double* w, double* dx);
template <class Half>
void conv2d_backward_data(const Conv2dShape& s, const Half* dy, const Half* w, Half* dx);

/// dw and, unless null, dbias from x and dy.
void conv2d_backward_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw,
                             float* dbias);
void conv2d_backward_weights(const Conv2dShape& s, const double* x, const double* dy, double* dw,
                             double* dbias);
template <class Half>
void conv2d_backward_weights(const Conv2dShape& s, const Half* x, const Half* dy, Half* dw,
                             Half* dbias);

}  // namespace strata::kernels
