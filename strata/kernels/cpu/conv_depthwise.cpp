// Depthwise convolutions, one filter for each channel: vectors along the channels.
#include <algorithm>
#include <utility>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/conv_depthwise.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/conv_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace conv {
namespace {

constexpr int kDepthwiseTile = 7;             // results beside each other
constexpr int64_t kChannelBlock = 128;        // of a unit of work
constexpr int64_t kBufferBytes = 192 * 1024;  // what a unit reads stays in L2

// The forward pass, or the way back to the input as one over the gradients with zeros between
// those that a stride takes apart, and the weights turned over.
struct Depthwise {
  int64_t images, channels;
  int64_t source_h, source_w;
  int64_t result_h, result_w;
  int64_t kh, kw, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
  int64_t width;         // channels in whole vectors
  const float* weights;  // [kh, kw, width]
  const float* bias;     // [width]
  bool relu;
  int64_t apart_h = 1, apart_w = 1;

  int64_t tiles() const { return (result_w + kDepthwiseTile - 1) / kDepthwiseTile; }
  /// Columns that a row of tiles reads.
  int64_t buffer_w() const {
    return (tiles() * kDepthwiseTile - 1) * stride_w + (kw - 1) * dilation_w + 1;
  }
};

// Some channels of some rows of the source, with zeros where it ends.
struct Rows {
  const float* data;
  int64_t row, pixel;         // steps
  const unsigned char* used;  // rows that are not all zeros
};

using Row = V32[kDepthwiseTile];

// Adds input kInput of a row of the window to the results that it reaches.
template <int kInput, int kTaps, int kStep>
HWY_INLINE void window_input(V32 v, const V32 (&w)[kTaps], Row& sums) {
  for (int t = 0; t < kTaps; ++t) {
    const int i = (kInput - t) / kStep;
    if (t <= kInput && i < kDepthwiseTile && i * kStep == kInput - t) {
      sums[i] = hn::MulAdd(w[t], v, sums[i]);
    }
  }
}

template <int kTaps, int kStep, int... kInputs>
HWY_INLINE void window_row(const float* from, int64_t pixel, const V32 (&w)[kTaps], Row& sums,
                           std::integer_sequence<int, kInputs...>) {
  const F32 d;
  (window_input<kInputs, kTaps, kStep>(hn::Load(d, from + kInputs * pixel), w, sums), ...);
}

// One vector of a tile: `from` is where its window begins, `weights` its channels' first. With
// kTaps > 0 the window's rows have that many taps without gaps, kStep apart from result to result:
// each input is loaded once and serves all the results that it reaches.
template <int kTaps, int kStep>
HWY_NOINLINE void depthwise_tile(const Depthwise& p, const Rows& rows, const float* from,
                                 const float* weights, V32 bias, float* y, int64_t results,
                                 int64_t count) {
  const F32 d;
  Row sums;
  for (V32& sum : sums) sum = bias;
  for (int64_t r = 0; r < p.kh; ++r, weights += p.kw * p.width) {
    if (!rows.used[r * p.dilation_h]) continue;
    const float* row = from + r * p.dilation_h * rows.row;
    if constexpr (kTaps > 0) {
      V32 w[kTaps];
      for (int t = 0; t < kTaps; ++t) w[t] = hn::Load(d, weights + t * p.width);
      constexpr int kInputs = (kDepthwiseTile - 1) * kStep + kTaps;
      window_row<kTaps, kStep>(row, rows.pixel, w, sums,
                               std::make_integer_sequence<int, kInputs>());
    } else {
      for (int64_t t = 0; t < p.kw; ++t, row += p.dilation_w * rows.pixel) {
        const V32 w = hn::Load(d, weights + t * p.width);
        for (int i = 0; i < kDepthwiseTile; ++i) {
          sums[i] = hn::MulAdd(w, hn::Load(d, row + i * p.stride_w * rows.pixel), sums[i]);
        }
      }
    }
  }
  for (int i = 0; i < kDepthwiseTile; ++i) {
    if (i == results) break;
    V32 sum = sums[i];
    if (p.relu) sum = hn::IfThenZeroElse(hn::Lt(sum, hn::Zero(d)), sum);  // a NaN stays one
    part::store(d, sum, y + i * p.channels, count);
  }
}

using DepthwiseTile = void (*)(const Depthwise&, const Rows&, const float*, const float*, V32,
                               float*, int64_t, int64_t);

DepthwiseTile depthwise_tile_for(const Depthwise& p) {
  if (p.dilation_w == 1 && p.stride_w == 1) {
    if (p.kw == 3) return depthwise_tile<3, 1>;
    if (p.kw == 5) return depthwise_tile<5, 1>;
    if (p.kw == 7) return depthwise_tile<7, 1>;
  }
  if (p.dilation_w == 1 && p.stride_w == 2) {
    if (p.kw == 3) return depthwise_tile<3, 2>;
    if (p.kw == 5) return depthwise_tile<5, 2>;
    if (p.kw == 7) return depthwise_tile<7, 2>;
  }
  return depthwise_tile<0, 0>;
}

// Fills row `row` of the padded source, channels [c, c + count) of it; false where all are zero.
bool fill_row(const Depthwise& p, const float* image, int64_t row, int64_t c, int64_t count,
              int64_t pixel, float* to) {
  const int64_t columns = p.buffer_w();
  if (row < 0 || row % p.apart_h != 0 || row / p.apart_h >= p.source_h) return false;
  const float* from = image + row / p.apart_h * p.source_w * p.channels + c;
  std::fill_n(to, columns * pixel, 0.0f);
  for (int64_t j = 0; j < p.source_w; ++j) {
    const int64_t column = j * p.apart_w + p.pad_w;
    if (column < 0 || column >= columns) continue;
    std::copy_n(from + j * p.channels, count, to + column * pixel);
  }
  return true;
}

// Rows [first, last) of the results of an image, channels [c, c + count).
void depthwise_rows(const Depthwise& p, const float* image, int64_t first, int64_t last, int64_t c,
                    int64_t count, float* y) {
  const int64_t pixel = (count + kLanes - 1) / kLanes * kLanes, row = p.buffer_w() * pixel;
  const int64_t top = first * p.stride_h - p.pad_h;
  const int64_t rows = (last - 1 - first) * p.stride_h + (p.kh - 1) * p.dilation_h + 1;
  const Scratch<float> buffer(rows * row, "conv2d");
  std::vector<unsigned char> used(static_cast<size_t>(rows));
  for (int64_t i = 0; i < rows; ++i) {
    used[static_cast<size_t>(i)] =
        fill_row(p, image, top + i, c, count, pixel, buffer.data() + i * row);
  }
  const DepthwiseTile tile = depthwise_tile_for(p);
  for (int64_t i = first; i < last; ++i) {
    const int64_t at = (i - first) * p.stride_h;
    const Rows window{buffer.data() + at * row, row, pixel, used.data() + at};
    for (int64_t j = 0; j < p.result_w; j += kDepthwiseTile) {
      const float* from = window.data + j * p.stride_w * pixel;
      float* to = y + (i * p.result_w + j) * p.channels + c;
      for (int64_t v = 0; v < count; v += kLanes) {
        tile(p, window, from + v, p.weights + c + v, hn::Load(F32(), p.bias + c + v), to + v,
             std::min<int64_t>(kDepthwiseTile, p.result_w - j),
             std::min<int64_t>(kLanes, count - v));
      }
    }
  }
}

void depthwise(const Depthwise& p, const float* source, float* result) {
  const int64_t channel_blocks = (p.channels + kChannelBlock - 1) / kChannelBlock;
  const int64_t row_bytes = 4 * p.buffer_w() * std::min(p.width, kChannelBlock);
  const int64_t fit = (kBufferBytes / row_bytes - (p.kh - 1) * p.dilation_h) / p.stride_h;
  const int64_t row_blocks =
      (p.result_h + std::max<int64_t>(fit, 4) - 1) / std::max<int64_t>(fit, 4);
  parallel_chunks(p.images * row_blocks * channel_blocks, [&](int64_t u) {
    const int64_t c = u % channel_blocks * kChannelBlock, b = u / channel_blocks % row_blocks;
    const int64_t image = u / channel_blocks / row_blocks;
    depthwise_rows(p, source + image * p.source_h * p.source_w * p.channels,
                   b * p.result_h / row_blocks, (b + 1) * p.result_h / row_blocks, c,
                   std::min(kChannelBlock, p.channels - c),
                   result + image * p.result_h * p.result_w * p.channels);
  });
}

int64_t padded_channels(int64_t c) { return (c + kLanes - 1) / kLanes * kLanes; }

// A row of dw: sums over one row of results, for kTaps taps of one row of the window.
template <int kTaps, bool kPart>
HWY_NOINLINE void depthwise_weights_row(const Conv2dShape& s, int64_t tap, int64_t c,
                                        const float* HWY_RESTRICT x_row,
                                        const float* HWY_RESTRICT dy_row, float* sums) {
  const F32 d;
  const int64_t channels = s.c, count = channels - c, width = padded_channels(channels);
  const int64_t ow = s.ow(), w = s.w, stride = s.stride_w, dilation = s.dilation_w;
  const auto load = [&](const float* from) HWY_ATTR {
    return kPart ? part::load(d, from, count) : hn::LoadU(d, from);
  };
  V32 sum[kTaps];
  for (int t = 0; t < kTaps; ++t) sum[t] = hn::Load(d, sums + (tap + t) * width + c);
  const int64_t offset = tap * dilation - s.pad_w, reach = (kTaps - 1) * dilation;
  const auto border = [&](int64_t begin, int64_t end) HWY_ATTR {
    for (int64_t j = begin; j < end; ++j) {
      const V32 g = load(dy_row + j * channels + c);
      for (int t = 0; t < kTaps; ++t) {
        const int64_t column = j * stride + offset + t * dilation;
        if (column < 0 || column >= w) continue;
        sum[t] = hn::MulAdd(g, load(x_row + column * channels + c), sum[t]);
      }
    }
  };
  const int64_t first = std::min(ow, offset < 0 ? (-offset + stride - 1) / stride : 0);
  const int64_t room = w - 1 - offset - reach;
  const int64_t last = std::clamp<int64_t>(room < 0 ? 0 : room / stride + 1, first, ow);
  border(0, first);
  const float* x = x_row + (first * stride + offset) * channels + c;
  const float* dy = dy_row + first * channels + c;
  for (int64_t j = first; j < last; ++j, x += stride * channels, dy += channels) {
    const V32 g = load(dy);
    for (int t = 0; t < kTaps; ++t) {
      sum[t] = hn::MulAdd(g, load(x + t * dilation * channels), sum[t]);
    }
  }
  border(last, ow);
  for (int t = 0; t < kTaps; ++t) hn::Store(sum[t], d, sums + (tap + t) * width + c);
}

template <bool kPart>
void depthwise_weights_taps(const Conv2dShape& s, int64_t c, const float* x_row,
                            const float* dy_row, float* sums) {
  int64_t tap = 0;
  for (; tap + 7 <= s.kw; tap += 7) {
    depthwise_weights_row<7, kPart>(s, tap, c, x_row, dy_row, sums);
  }
  for (; tap + 5 <= s.kw; tap += 5) {
    depthwise_weights_row<5, kPart>(s, tap, c, x_row, dy_row, sums);
  }
  for (; tap + 3 <= s.kw; tap += 3) {
    depthwise_weights_row<3, kPart>(s, tap, c, x_row, dy_row, sums);
  }
  for (; tap < s.kw; ++tap) depthwise_weights_row<1, kPart>(s, tap, c, x_row, dy_row, sums);
}

void depthwise_weights_rows(const Conv2dShape& s, int64_t begin, int64_t end, const float* x,
                            const float* dy, float* sums) {
  const int64_t width = padded_channels(s.c), oh = s.oh();
  std::fill_n(sums, s.kh * s.kw * width, 0.0f);
  for (int64_t at = begin; at < end; ++at) {
    const float* dy_row = dy + at * s.ow() * s.c;
    for (int64_t r = 0; r < s.kh; ++r) {
      const int64_t row = at % oh * s.stride_h - s.pad_h + r * s.dilation_h;
      if (row < 0 || row >= s.h) continue;
      const float* x_row = x + (at / oh * s.h + row) * s.w * s.c;
      float* to = sums + r * s.kw * width;
      int64_t c = 0;
      for (; c + kLanes <= s.c; c += kLanes) {
        depthwise_weights_taps<false>(s, c, x_row, dy_row, to);
      }
      if (c < s.c) depthwise_weights_taps<true>(s, c, x_row, dy_row, to);
    }
  }
}

}  // namespace
}  // namespace conv

// Forward (x to y) or, with `back`, the way back to the input (dy to dx).
void run_depthwise(const Conv2dShape& s, bool back, const float* source, const float* w,
                   const float* bias, bool relu, float* result) {
  const int64_t width = conv::padded_channels(s.c), taps = s.kh * s.kw;
  Scratch<float> weights(taps * width, "conv2d"), biases(width, "conv2d");
  std::fill_n(biases.data(), width, 0.0f);
  if (bias) std::copy_n(bias, s.c, biases.data());
  for (int64_t t = 0; t < taps; ++t) {
    const int64_t tap = back ? taps - 1 - t : t;
    for (int64_t c = 0; c < width; ++c) weights[t * width + c] = c < s.c ? w[c * taps + tap] : 0.0f;
  }
  const int64_t reach_h = (s.kh - 1) * s.dilation_h, reach_w = (s.kw - 1) * s.dilation_w;
  conv::Depthwise p{s.n,
                    s.c,
                    back ? s.oh() : s.h,
                    back ? s.ow() : s.w,
                    back ? s.h : s.oh(),
                    back ? s.w : s.ow(),
                    s.kh,
                    s.kw,
                    back ? 1 : s.stride_h,
                    back ? 1 : s.stride_w,
                    back ? reach_h - s.pad_h : s.pad_h,
                    back ? reach_w - s.pad_w : s.pad_w,
                    s.dilation_h,
                    s.dilation_w,
                    width,
                    weights.data(),
                    biases.data(),
                    relu};
  if (back) p.apart_h = s.stride_h, p.apart_w = s.stride_w;
  conv::depthwise(p, source, result);
}

void run_depthwise_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw) {
  const int64_t width = conv::padded_channels(s.c), taps = s.kh * s.kw;
  const int64_t rows = s.n * s.oh(), chunks = std::min<int64_t>(16, rows);
  Scratch<float> sums(std::max<int64_t>(chunks, 1) * taps * width, "conv2d");
  parallel_chunks(chunks, [&](int64_t k) {
    conv::depthwise_weights_rows(s, k * rows / chunks, (k + 1) * rows / chunks, x, dy,
                                 &sums[k * taps * width]);
  });
  for (int64_t t = 0; t < taps; ++t) {
    for (int64_t c = 0; c < s.c; ++c) {
      float sum = 0;
      for (int64_t k = 0; k < chunks; ++k) sum += sums[(k * taps + t) * width + c];
      dw[c * taps + t] = sum;
    }
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(run_depthwise);
HWY_EXPORT(run_depthwise_weights);

void conv2d_depthwise(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                      bool relu, float* y) {
  HWY_DYNAMIC_DISPATCH(run_depthwise)(s, false, x, w, bias, relu, y);
}

void conv2d_depthwise_data(const Conv2dShape& s, const float* dy, const float* w, float* dx) {
  HWY_DYNAMIC_DISPATCH(run_depthwise)(s, true, dy, w, nullptr, false, dx);
}

void conv2d_depthwise_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw) {
  HWY_DYNAMIC_DISPATCH(run_depthwise_weights)(s, x, dy, dw);
}

}  // namespace strata::kernels
#endif
