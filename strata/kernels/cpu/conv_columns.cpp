// Convolutions as matrix products over copied windows: patches, which do not overlap, the forward
// pass over so few pixels that the copies are small beside the weights, and the way back of large
// windows over few channels.
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

bool conv2d_has_wide_windows(const Conv2dShape& s) {
  return s.groups == 1 && s.c < 8 && depth(s) >= 48 && s.kh * s.kw >= 25 && s.dilation_w == 1;
}

namespace {

// Adds the gradients of a row of windows, [ow, kh, kw, c], to rows [first, last) of an image.
void add_windows(const Conv2dShape& s, const float* columns, int64_t i, int64_t first, int64_t last,
                 float* dx) {
  const int64_t run = s.kw * s.c, ow = s.ow(), row_length = s.w * s.c;
  for (int64_t r = 0; r < s.kh; ++r) {
    const int64_t row = i * s.stride_h - s.pad_h + r * s.dilation_h;
    if (row < first || row >= last) continue;
    for (int64_t j = 0; j < ow; ++j) {
      const int64_t at = (j * s.stride_w - s.pad_w) * s.c;
      const int64_t begin = std::max<int64_t>(0, -at), end = std::min(run, row_length - at);
      const float* __restrict from = columns + j * depth(s) + r * run;
      float* __restrict to = dx + row * row_length + at;
      for (int64_t k = begin; k < end; ++k) to[k] += from[k];
    }
  }
}

}  // namespace

void conv2d_wide_data(const Conv2dShape& s, const float* dy, const float* w, float* dx) {
  constexpr int64_t kWindows = 192;  // of a product, whose result stays in L2
  const int64_t oh = s.oh(), ow = s.ow(), rows = std::max<int64_t>(1, kWindows / ow);
  // Each block of rows computes the windows that reach across its borders anew.
  const int64_t blocks = std::clamp<int64_t>(16 / std::max<int64_t>(s.n, 1), 1,
                                             std::max<int64_t>(1, s.h / (4 * s.kh * s.dilation_h)));
  parallel_chunks(s.n * blocks, [&](int64_t u) {
    const int64_t n = u / blocks, b = u % blocks;
    const int64_t first = b * s.h / blocks, last = (b + 1) * s.h / blocks;
    float* image = dx + n * s.h * s.w * s.c;
    std::fill(image + first * s.w * s.c, image + last * s.w * s.c, 0.0f);
    const int64_t reach = (s.kh - 1) * s.dilation_h;
    const int64_t begin = std::max<int64_t>(0, (first + s.pad_h - reach) / s.stride_h);
    const int64_t end = std::min(oh, (last - 1 + s.pad_h) / s.stride_h + 1);
    const Scratch<float> columns(rows * ow * depth(s), "conv2d");
    for (int64_t i = begin; i < end; i += rows) {
      const int64_t count = std::min(rows, end - i);
      Gemm<float> g;
      g.m = count * ow, g.n = depth(s), g.k = s.oc;
      g.a = {dy + (n * oh + i) * ow * s.oc, s.oc, false, {}};
      g.b = {w, g.n, false, {}};
      g.c = {columns.data(), g.n, false, {}};
      gemm(g);
      for (int64_t k = 0; k < count; ++k) {
        add_windows(s, columns.data() + k * ow * depth(s), i + k, first, last, image);
      }
    }
  });
}

}  // namespace strata::kernels
