// Turns the forward pass and the way back to the input into gathered matrix products.
#include <algorithm>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/scratch.h"

namespace strata::kernels {

void pad_images(const Conv2dShape& s, const float* x, int64_t x_pixel, float* y) {
  const int64_t padded_h = s.h + 2 * s.pad_h, padded_w = s.w + 2 * s.pad_w;
  const int64_t padded_row = padded_w * s.c, left = s.pad_w * s.c;
  parallel_for(s.n * padded_h, std::max<int64_t>(1, 8192 / std::max<int64_t>(padded_row, 1)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   const int64_t row = i % padded_h - s.pad_h;
                   float* to = y + i * padded_row;
                   if (row < 0 || row >= s.h) {
                     std::fill_n(to, padded_row, 0.0f);
                     continue;
                   }
                   const float* from = x + (i / padded_h * s.h + row) * s.w * x_pixel;
                   std::fill_n(to, left, 0.0f);
                   if (x_pixel == s.c) {
                     std::copy_n(from, s.w * s.c, to + left);
                   } else {
                     for (int64_t j = 0; j < s.w; ++j) {
                       std::copy_n(from + j * x_pixel, s.c, to + left + j * s.c);
                     }
                   }
                   std::fill(to + left + s.w * s.c, to + padded_row, 0.0f);
                 }
               });
}

void conv2d_gather(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                   bool relu, float* y) {
  GatherConv g;
  g.source = x;
  g.images = s.n, g.source_h = s.h, g.source_w = s.w;
  g.source_pixel = s.c, g.channels = s.group_c();
  g.step_h = s.stride_h, g.step_w = s.stride_w;
  g.result_h = s.oh(), g.result_w = s.ow();
  g.result_pixel = s.oc, g.result_row = g.result_w * s.oc,
  g.result_image = g.result_h * g.result_row;
  g.out_channels = s.group_oc();
  for (int64_t i = 0; i < s.kh; ++i) {
    for (int64_t j = 0; j < s.kw; ++j) {
      g.taps.push_back({i * s.dilation_h - s.pad_h, j * s.dilation_w - s.pad_w, i * s.kw + j});
    }
  }
  g.weight_tap = s.group_c(), g.weight_channel = 1, g.weight_out = s.kh * s.kw * s.group_c();
  g.relu = relu;
  for (int64_t group = 0; group < s.groups; ++group) {
    GatherConv one = g;
    one.source += group * s.group_c();
    one.result = y + group * s.group_oc();
    one.weights = w + group * s.group_oc() * g.weight_out;
    one.bias = bias ? bias + group * s.group_oc() : nullptr;
    gather_conv(one);
  }
}

namespace {

// The results at rows = first_h and columns = first_w modulo the stride: the same taps reach all.
GatherConv one_phase(const Conv2dShape& s, int64_t first_h, int64_t first_w) {
  GatherConv g;
  g.images = s.n, g.source_h = s.oh(), g.source_w = s.ow();
  g.source_pixel = s.oc, g.channels = s.group_oc();
  g.result_h = (s.h - first_h + s.stride_h - 1) / s.stride_h;
  g.result_w = (s.w - first_w + s.stride_w - 1) / s.stride_w;
  g.result_pixel = s.stride_w * s.c, g.result_row = s.stride_h * s.w * s.c;
  g.result_image = s.h * s.w * s.c;
  g.out_channels = s.group_c();
  for (int64_t i = s.kh - 1; i >= 0; --i) {
    const int64_t row = first_h + s.pad_h - i * s.dilation_h;
    if (row % s.stride_h != 0) continue;
    for (int64_t j = s.kw - 1; j >= 0; --j) {
      const int64_t column = first_w + s.pad_w - j * s.dilation_w;
      if (column % s.stride_w != 0) continue;
      g.taps.push_back({row / s.stride_h, column / s.stride_w, i * s.kw + j});
    }
  }
  g.weight_tap = s.group_c(), g.weight_channel = s.kh * s.kw * s.group_c(), g.weight_out = 1;
  return g;
}

}  // namespace

void conv2d_data_gather(const Conv2dShape& s, const float* dy, const float* w, float* dx) {
  for (int64_t i = 0; i < std::min(s.stride_h, s.h); ++i) {
    for (int64_t j = 0; j < std::min(s.stride_w, s.w); ++j) {
      GatherConv g = one_phase(s, i, j);
      for (int64_t group = 0; group < s.groups; ++group) {
        g.source = dy + group * s.group_oc();
        g.weights = w + group * s.group_oc() * g.weight_channel;
        g.result = dx + (i * s.w + j) * s.c + group * s.group_c();
        gather_conv(g);
      }
    }
  }
}

}  // namespace strata::kernels
