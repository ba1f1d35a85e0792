#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "strata/kernels/work_log.h"

namespace strata::bench {

/// One convolution of the list.
struct ConvShape {
  std::string name;
  kernels::Conv2dShape s;
};

/// Layers of LeNet, ResNets on CIFAR and ImageNet, a diffusion UNet, depthwise and grouped ones,
/// first layers, dilated and patch convolutions.
std::vector<ConvShape> conv_shapes();

using kernels::ConvPass;

/// Least time of a call by us and by the best of the library's ways.
struct ConvRow {
  ConvShape shape;
  ConvPass pass = ConvPass::forward;
  double ms = 0, onednn_ms = 0;
  std::string onednn_way;  // the fastest of: nhwc, any (reorders included), im2col, turned
  double gflops = 0;       // ours; taps on the padding count
};

/// "forward", "data", "weights".
const char* name_of(ConvPass pass);

/// Measures one pass of an f32 convolution: short bursts of each way in turn, for `seconds`.
ConvRow run_conv_shape(const ConvShape& shape, ConvPass pass, double seconds);

/// Measures all three passes of the convolutions whose name contains `filter`.
std::vector<ConvRow> run_conv_shapes(const std::string& filter, double seconds);

/// The operands of a convolution, filled with numbers.
struct ConvOperands {
  float *x, *w, *bias, *y, *dw, *dbias;
};

/// oneDNN's ways to compute a pass, by name: on images as they lie ("nhwc"), in the layout it likes
/// best with the reorders this takes ("any"), the forward pass also by its sgemm ("im2col"), the
/// way back of stride 1 also as a forward pass with turned weights ("turned").
std::vector<std::pair<std::string, std::function<void()>>> library_ways(
    const kernels::Conv2dShape& s, ConvPass pass, const ConvOperands& operands);

}  // namespace strata::bench
