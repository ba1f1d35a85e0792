// Convolutions as matrix products over copied windows: patches, which do not overlap, and so few
// pixels that the copies are small beside the weights.
#include <algorithm>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/gemm.h"
#include "strata/kernels/scratch.h"

namespace strata::kernels {
namespace {

int64_t depth(const Conv2dShape& s) { return s.kh * s.kw * s.c; }
int64_t windows(const Conv2dShape& s) { return s.n * s.oh() * s.ow(); }

// Calls f(window, tap's place in it, pixel of x or -1, pixels) for the runs of neighbouring pixels
// that the windows consist of, in parallel over rows of windows.
template <class F>
void for_runs(const Conv2dShape& s, F f) {
  const int64_t oh = s.oh(), ow = s.ow(), run = s.dilation_w == 1 && s.pad_w == 0 ? s.kw : 1;
  parallel_for(
      s.n * oh, std::max<int64_t>(1, 4096 / (ow * depth(s))), [&](int64_t begin, int64_t end) {
        for (int64_t at = begin; at < end; ++at) {
          for (int64_t j = 0; j < ow; ++j) {
            for (int64_t k = 0; k < s.kh * s.kw; k += run) {
              const int64_t row = at % oh * s.stride_h - s.pad_h + k / s.kw * s.dilation_h;
              const int64_t column = j * s.stride_w - s.pad_w + k % s.kw * s.dilation_w;
              const bool inside = row >= 0 && row < s.h && column >= 0 && column < s.w;
              const int64_t pixel = inside ? (at / oh * s.h + row) * s.w + column : int64_t{-1};
              f(at * ow + j, k, pixel, run);
            }
          }
        }
      });
}

void copy_windows(const Conv2dShape& s, const float* x, float* columns) {
  for_runs(s, [&](int64_t window, int64_t tap, int64_t pixel, int64_t pixels) {
    float* to = columns + window * depth(s) + tap * s.c;
    if (pixel < 0) {
      std::fill_n(to, pixels * s.c, 0.0f);
    } else {
      std::copy_n(x + pixel * s.c, pixels * s.c, to);
    }
  });
}

// What each window gives to the inputs under it: its dy times the weights as they lie.
void window_gradients(const Conv2dShape& s, const float* dy, const float* w, float* columns) {
  Gemm<float> g;
  g.m = windows(s), g.n = depth(s), g.k = s.oc;
  g.a = {dy, s.oc, false, {}};
  g.b = {w, g.n, false, {}};
  g.c = {columns, g.n, false, {}};
  gemm(g);
}

}  // namespace

bool conv2d_has_patches(const Conv2dShape& s) {
  return s.groups == 1 && s.kh == s.stride_h && s.kw == s.stride_w && s.pad_h == 0 &&
         s.pad_w == 0 && s.dilation_h == 1 && s.dilation_w == 1 && depth(s) >= 32;
}

bool conv2d_has_few_windows(const Conv2dShape& s) {
  return s.groups == 1 && windows(s) <= 64 && s.w_size() >= (1 << 18);
}

void conv2d_columns(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                    bool relu, float* y) {
  const Scratch<float> columns(windows(s) * depth(s), "conv2d");
  copy_windows(s, x, columns.data());
  Gemm<float> g;
  g.m = windows(s), g.n = s.oc, g.k = depth(s);
  g.a = {columns.data(), g.k, false, {}};
  g.b = {w, g.k, true, {}};
  g.c = {y, s.oc, false, {}};
  g.bias = bias;
  g.activation = relu ? Activation::relu : Activation::none;
  gemm(g);
}

void conv2d_patches_data(const Conv2dShape& s, const float* dy, const float* w, float* dx) {
  const Scratch<float> columns(windows(s) * depth(s), "conv2d");
  window_gradients(s, dy, w, columns.data());
  if (s.oh() * s.kh != s.h || s.ow() * s.kw != s.w) std::fill_n(dx, s.x_size(), 0.0f);
  for_runs(s, [&](int64_t window, int64_t tap, int64_t pixel, int64_t pixels) {
    std::copy_n(columns.data() + window * depth(s) + tap * s.c, pixels * s.c, dx + pixel * s.c);
  });
}

void conv2d_patches_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw) {
  const Scratch<float> columns(windows(s) * depth(s), "conv2d");
  copy_windows(s, x, columns.data());
  Gemm<float> g;
  g.m = s.oc, g.n = depth(s), g.k = windows(s);
  g.a = {dy, s.oc, true, {}};
  g.b = {columns.data(), g.n, false, {}};
  g.c = {dw, g.n, false, {}};
  gemm(g);
}

// The weights, larger than all windows, are read once, and what the windows give to a pixel is
// added up after it.
void conv2d_few_windows_data(const Conv2dShape& s, const float* dy, const float* w, float* dx) {
  const Scratch<float> columns(windows(s) * depth(s), "conv2d");
  window_gradients(s, dy, w, columns.data());
  parallel_for(s.n * s.h * s.w, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      float* __restrict to = dx + at * s.c;
      std::fill_n(to, s.c, 0.0f);
      for (int64_t k = 0; k < s.kh * s.kw; ++k) {
        const int64_t down = at / s.w % s.h + s.pad_h - k / s.kw * s.dilation_h;
        const int64_t right = at % s.w + s.pad_w - k % s.kw * s.dilation_w;
        const int64_t i = down / s.stride_h, j = right / s.stride_w;
        if (down < 0 || right < 0 || i >= s.oh() || j >= s.ow()) continue;
        if (i * s.stride_h != down || j * s.stride_w != right) continue;
        const int64_t window = (at / (s.w * s.h) * s.oh() + i) * s.ow() + j;
        const float* __restrict from = columns.data() + window * depth(s) + k * s.c;
        for (int64_t c = 0; c < s.c; ++c) to[c] += from[c];
      }
    }
  });
}

}  // namespace strata::kernels
