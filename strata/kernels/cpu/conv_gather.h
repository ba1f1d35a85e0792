#pragma once

#include <cstdint>
#include <vector>

#include "strata/kernels/conv.h"

namespace strata::kernels {

/// Where a tap of the window reads, relative to the place of its result in the source, and which
/// of the kh * kw weights it takes.
struct ConvTap {
  int64_t row = 0, column = 0;
  int64_t weight = 0;
};

/// A convolution as a matrix product whose left side is gathered through pointers while it runs:
/// result(image, i, j) = bias + sum over taps of source(image, i * step_h + row, j * step_w +
/// column) * weights(tap); taps outside of the source count as zero. The forward pass is one of
/// these, the way back to the input one for each place of the stride.
struct GatherConv {
  const float* source = nullptr;
  int64_t images = 0, source_h = 0, source_w = 0;
  int64_t source_pixel = 0;  ///< elements from one pixel to the next
  int64_t channels = 0;      ///< read from each pixel
  int64_t step_h = 1, step_w = 1;

  float* result = nullptr;
  int64_t result_h = 0, result_w = 0;
  int64_t result_image = 0, result_row = 0, result_pixel = 0;  ///< steps in elements
  int64_t out_channels = 0;

  std::vector<ConvTap> taps;
  /// Weight of (tap, channel, out channel) is at weights[tap.weight * weight_tap + channel *
  /// weight_channel + out * weight_out]; either weight_channel or weight_out is 1.
  const float* weights = nullptr;
  int64_t weight_tap = 0, weight_channel = 0, weight_out = 0;
  const float* bias = nullptr;
  bool relu = false;
};

void gather_conv(const GatherConv& g);

/// The images with the padding of `s` around them; pixels of x are `x_pixel` elements apart.
void pad_images(const Conv2dShape& s, const float* x, int64_t x_pixel, float* y);

/// The forward pass and the way back to the input, for any shape.
void conv2d_gather(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                   bool relu, float* y);
void conv2d_data_gather(const Conv2dShape& s, const float* dy, const float* w, float* dx);

/// The forward pass of one group without gaps in the window's rows, for few channels.
void conv2d_few_channels(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                         bool relu, float* y);
/// The same with the padding of `s` in x already, and results `y_pixel` elements apart.
void conv2d_few_padded(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                       bool relu, float* y, int64_t y_pixel);

/// Images of one channel, without stride or gaps, to channels that would leave lanes of a vector
/// empty, under windows of 3, 5 or 7 rows. Others return false, and gradients that are not finite,
/// since rows and lanes beside the results count as zero; the caller then computes them anew.
bool conv2d_spread(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                   bool relu, float* y);
bool conv2d_spread_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw);

/// One group without stride that gives few channels: the way back is a forward pass over few.
bool conv2d_has_few_gradients(const Conv2dShape& s);
void conv2d_few_data(const Conv2dShape& s, const float* dy, const float* w, float* dx);

/// One group of few channels without stride: the way back with vectors along rows of pixels.
bool conv2d_has_planar_inputs(const Conv2dShape& s);
void conv2d_planar_data(const Conv2dShape& s, const float* dy, const float* w, float* dx);

/// The gradients of the weights, for any shape; made for groups of few channels.
void conv2d_weights_few(const Conv2dShape& s, const float* x, const float* dy, float* dw);
/// The same where each group has channels for a vector.
void conv2d_weights_packed(const Conv2dShape& s, const float* x, const float* dy, float* dw);
/// The sums of each channel over the pixels: the gradients of the bias.
void channel_sums(int64_t pixels, int64_t channels, const float* dy, float* dbias);

/// groups == c == oc, or groups of four channels to four. For these, forward and back are computed
/// with windows of 3x3 without stride or gaps over images of some size; else they return false.
bool conv2d_depthwise(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                      bool relu, float* y);
bool conv2d_depthwise_data(const Conv2dShape& s, const float* dy, const float* w, float* dx);
void conv2d_depthwise_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw,
                              float* dbias);

/// kh == kw == 1, one group, no padding.
/// `residual` is null or laid out as y, and added before the relu.
void conv2d_pointwise(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                      const float* residual, bool relu, float* y);
void conv2d_pointwise_data(const Conv2dShape& s, const float* dy, const float* w, float* dx);
void conv2d_pointwise_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw);

/// Windows side by side without padding: each pixel belongs to one at most.
bool conv2d_has_patches(const Conv2dShape& s);
/// One group, and copies of all windows are small beside the weights.
bool conv2d_has_few_windows(const Conv2dShape& s);
/// The forward pass of both, the way back of few windows, and the other passes of patches.
void conv2d_columns(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                    bool relu, float* y);
void conv2d_few_windows_data(const Conv2dShape& s, const float* dy, const float* w, float* dx);
void conv2d_patches_data(const Conv2dShape& s, const float* dy, const float* w, float* dx);
void conv2d_patches_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw);

/// One group of few channels under large windows: first layers.
bool conv2d_has_wide_windows(const Conv2dShape& s);
/// The way back of these: what each window gives, added up window by window.
void conv2d_wide_data(const Conv2dShape& s, const float* dy, const float* w, float* dx);

/// For ways whose zeros would spread what is not finite: their results tell whether they did.
bool all_finite(const float* x, int64_t count);

/// Whether groups are so small that several are computed as one.
bool conv2d_merges_groups(const Conv2dShape& s);
/// Forward and, without stride, the way back. A NaN or infinity would reach the other groups
/// through their zeros: where a result is not finite these return false, and the caller computes it
/// anew.
bool conv2d_merged(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                   bool relu, float* y);
bool conv2d_merged_data(const Conv2dShape& s, const float* dy, const float* w, float* dx);

}  // namespace strata::kernels
