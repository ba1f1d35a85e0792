// Depthwise convolutions, one filter for each channel: vectors along the channels.
#include <algorithm>
#include <numeric>
#include <optional>
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

constexpr int kDepthwiseTile = 7;  // results beside each other
constexpr int64_t kLine = 16;      // channels of a cache line: units of work have whole ones

int64_t padded_channels(int64_t c) { return (c + kLine - 1) / kLine * kLine; }

// Channels of a unit of work. Short windows are as much copying as sums, so that rows should be
// read in long pieces; a single image is to give work to all threads.
int64_t block_channels(const Conv2dShape& s) {
  if (s.kh * s.kw > 9) return kLine;
  return s.n >= 8 ? 16 * kLine : 8 * kLine;
}

// The forward pass, or the way back to the input as one over the gradients, which a stride takes
// `apart`, and the weights turned over: the window of result i begins at row i * stride - pad of
// the source spread out so.
struct Depthwise {
  int64_t images, channels;
  int64_t source_h, source_w;
  int64_t result_h, result_w;
  int64_t kh, kw, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
  int64_t apart_h, apart_w;
  int64_t width;         // channels in whole lines
  int64_t block;         // channels of a unit of work
  const float* weights;  // [kh, kw, width]
  const float* bias;     // [width]
  bool relu;
};

// The results of a row that the same taps reach: all of them, or with columns apart every so many.
struct Phase {
  int64_t first, step, count;   // results
  int64_t column, column_step;  // where the first result reads, and how far the next is
  int64_t tap, tap_step, taps;  // of the window's row
  int64_t tap_columns;          // from one of these taps to the next
  int64_t tiles() const { return (count + kDepthwiseTile - 1) / kDepthwiseTile; }
  int64_t last_column() const {
    return column + (tiles() * kDepthwiseTile - 1) * column_step + (taps - 1) * tap_columns;
  }
};

std::vector<Phase> phases_of(const Depthwise& p) {
  std::vector<Phase> all;
  const int64_t shared = std::gcd(p.dilation_w, p.apart_w);
  for (int64_t q = 0; q < std::min(p.apart_w, p.result_w); ++q) {
    Phase phase{q,
                p.apart_w,
                (p.result_w - q + p.apart_w - 1) / p.apart_w,
                0,
                p.stride_w,
                0,
                p.apart_w / shared,
                0,
                p.dilation_w / shared};
    for (int64_t t = p.kw - 1; t >= 0; --t) {
      const int64_t column = q - p.pad_w + t * p.dilation_w;
      if (column % p.apart_w != 0) continue;
      phase.tap = t, phase.column = column / p.apart_w, ++phase.taps;
    }
    all.push_back(phase);
  }
  return all;
}

// A row of the window that is not on the padding: columns of the source's row and taps.
struct WindowRow {
  const float* source;
  const float* weights;
};

// What the tiles of a row of results have in common.
struct TileRow {
  const WindowRow* rows;
  int64_t count;
  int64_t pixel;                           // from one column of the source to the next
  int64_t tap_step;                        // from one tap's weights to the next
  int64_t taps, tap_columns, column_step;  // for tiles that do not know them
  bool relu;
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

// One vector of a tile: its window begins `from` behind the begin of each row, its channels'
// weights `channel` behind. With kTaps > 0 the window's rows have that many taps without gaps,
// kStep apart from result to result: each input is loaded once and serves all the results that it
// reaches.
template <int kTaps, int kStep>
HWY_NOINLINE void depthwise_tile(const TileRow& p, int64_t from, int64_t channel, V32 bias,
                                 float* y, int64_t y_step, int64_t results, int64_t count) {
  const F32 d;
  Row sums;
  for (V32& sum : sums) sum = bias;
  for (const WindowRow* r = p.rows; r != p.rows + p.count; ++r) {
    const float* row = r->source + from;
    const float* weights = r->weights + channel;
    if constexpr (kTaps > 0) {
      V32 w[kTaps];
      for (int t = 0; t < kTaps; ++t) w[t] = hn::Load(d, weights + t * p.tap_step);
      constexpr int kInputs = (kDepthwiseTile - 1) * kStep + kTaps;
      window_row<kTaps, kStep>(row, p.pixel, w, sums, std::make_integer_sequence<int, kInputs>());
    } else {
      for (int64_t t = 0; t < p.taps; ++t, row += p.tap_columns * p.pixel) {
        const V32 w = hn::Load(d, weights + t * p.tap_step);
        for (int i = 0; i < kDepthwiseTile; ++i) {
          sums[i] = hn::MulAdd(w, hn::Load(d, row + i * p.column_step * p.pixel), sums[i]);
        }
      }
    }
  }
  for (int i = 0; i < kDepthwiseTile; ++i) {
    if (i == results) break;
    V32 sum = sums[i];
    if (p.relu) sum = hn::IfThenZeroElse(hn::Lt(sum, hn::Zero(d)), sum);  // a NaN stays one
    part::store(d, sum, y + i * y_step, count);
  }
}

using DepthwiseTile = void (*)(const TileRow&, int64_t, int64_t, V32, float*, int64_t, int64_t,
                               int64_t);

DepthwiseTile depthwise_tile_for(const Phase& p) {
  if (p.tap_columns == 1 && p.column_step == 1) {
    if (p.taps == 1) return depthwise_tile<1, 1>;
    if (p.taps == 2) return depthwise_tile<2, 1>;
    if (p.taps == 3) return depthwise_tile<3, 1>;
    if (p.taps == 4) return depthwise_tile<4, 1>;
    if (p.taps == 5) return depthwise_tile<5, 1>;
    if (p.taps == 7) return depthwise_tile<7, 1>;
  }
  if (p.tap_columns == 1 && p.column_step == 2) {
    if (p.taps == 3) return depthwise_tile<3, 2>;
    if (p.taps == 5) return depthwise_tile<5, 2>;
    if (p.taps == 7) return depthwise_tile<7, 2>;
  }
  return depthwise_tile<0, 0>;
}

// A block of channels of some rows of an image's results. The rows of the source that the window
// covers at present stand in a ring of copies with zeros around.
class DepthwiseBlock {
 public:
  DepthwiseBlock(const Depthwise& p, const std::vector<Phase>& phases)
      : p_(p),
        phases_(phases),
        pixel_(std::min(p.block, p.width)),
        ring_rows_((p.kh - 1) * p.dilation_h / p.apart_h + 1),
        first_column_(0),
        columns_(p.source_w),
        rows_(static_cast<size_t>(p.kh)) {
    for (const Phase& phase : phases) {
      tiles_.push_back(depthwise_tile_for(phase));
      if (phase.taps == 0) continue;
      first_column_ = std::min(first_column_, phase.column);
      columns_ = std::max(columns_, phase.last_column() + 1);
    }
    columns_ -= first_column_;
    ring_.emplace(ring_rows_ * columns_ * pixel_, "conv2d");
  }

  // Rows [first, last) of the results, channels from `c` on; both begin at their image.
  void run(const float* image, int64_t first, int64_t last, int64_t c, float* y) {
    count_ = std::min(p_.block, p_.channels - c);
    int64_t filled = 0;  // rows of the source below are in the ring, as far as they are needed
    for (int64_t i = first; i < last; ++i) {
      const int64_t top = i * p_.stride_h - p_.pad_h, reach = (p_.kh - 1) * p_.dilation_h;
      const int64_t need_last = floor_div(top + reach, p_.apart_h);
      filled = std::max(filled, need_last - ring_rows_ + 1);
      for (; filled <= std::min(need_last, p_.source_h - 1); ++filled) {
        fill_row(image + filled * p_.source_w * p_.channels + c, ring_row(filled));
      }
      int64_t rows = 0;
      for (int64_t r = 0; r < p_.kh; ++r) {
        const int64_t row = top + r * p_.dilation_h;
        if (row < 0 || row % p_.apart_h != 0 || row / p_.apart_h >= p_.source_h) continue;
        rows_[static_cast<size_t>(rows++)] = {ring_row(row / p_.apart_h),
                                              p_.weights + r * p_.kw * p_.width + c};
      }
      run_row(rows, p_.bias + c, y + i * p_.result_w * p_.channels + c);
    }
  }

 private:
  static int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }
  float* ring_row(int64_t row) { return ring_->data() + row % ring_rows_ * columns_ * pixel_; }

  void fill_row(const float* from, float* to) const {
    const F32 d;
    std::fill_n(to, -first_column_ * pixel_, 0.0f);
    to -= first_column_ * pixel_;
    for (int64_t j = 0; j < p_.source_w; ++j, from += p_.channels, to += pixel_) {
      for (int64_t v = 0; v < pixel_; v += kLanes) {
        const int64_t count = count_ - v;
        const V32 x = count >= kLanes ? hn::LoadU(d, from + v)
                      : count > 0     ? part::load(d, from + v, count)
                                      : hn::Zero(d);
        hn::Store(x, d, to + v);
      }
    }
    std::fill_n(to, (columns_ + first_column_ - p_.source_w) * pixel_, 0.0f);
  }

  // The phases' tiles of the same results follow each other.
  void run_row(int64_t rows, const float* bias, float* y) const {
    for (int64_t j = 0; j < phases_[0].count; j += kDepthwiseTile) {
      for (size_t k = 0; k < phases_.size(); ++k) {
        if (j < phases_[k].count) run_tile(phases_[k], tiles_[k], j, rows, bias, y);
      }
    }
  }

  void run_tile(const Phase& phase, DepthwiseTile tile, int64_t j, int64_t rows, const float* bias,
                float* y) const {
    const TileRow row{rows_.data(),
                      phase.taps == 0 ? 0 : rows,
                      pixel_,
                      phase.tap_step * p_.width,
                      phase.taps,
                      phase.tap_columns,
                      phase.column_step,
                      p_.relu};
    const int64_t y_step = phase.step * p_.channels, channel = phase.tap * p_.width;
    const int64_t from = (phase.column - first_column_ + j * phase.column_step) * pixel_;
    float* to = y + phase.first * p_.channels + j * y_step;
    for (int64_t v = 0; v < count_; v += kLanes) {
      tile(row, from + v, channel + v, hn::Load(F32(), bias + v), to + v, y_step,
           std::min<int64_t>(kDepthwiseTile, phase.count - j),
           std::min<int64_t>(kLanes, count_ - v));
    }
  }

  const Depthwise& p_;
  const std::vector<Phase>& phases_;
  std::vector<DepthwiseTile> tiles_;  // of each phase
  int64_t pixel_, ring_rows_, first_column_, columns_, count_ = 0;
  std::vector<WindowRow> rows_;
  std::optional<Scratch<float>> ring_;
};

void depthwise(const Depthwise& p, const float* source, float* result) {
  const std::vector<Phase> phases = phases_of(p);
  const int64_t lines = (p.width + p.block - 1) / p.block;
  // Each block of rows copies what is above it anew.
  const int64_t most = std::max<int64_t>(1, p.result_h * p.stride_h / (8 * p.kh * p.dilation_h));
  const int64_t blocks = std::clamp<int64_t>(32 / std::max<int64_t>(1, p.images * lines), 1, most);
  parallel_chunks(p.images * blocks * lines, [&](int64_t u) {
    const int64_t line = u % lines, b = u / lines % blocks, image = u / lines / blocks;
    DepthwiseBlock(p, phases).run(source + image * p.source_h * p.source_w * p.channels,
                                  b * p.result_h / blocks, (b + 1) * p.result_h / blocks,
                                  line * p.block,
                                  result + image * p.result_h * p.result_w * p.channels);
  });
}

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
  const conv::Depthwise p{s.n,
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
                          back ? s.stride_h : 1,
                          back ? s.stride_w : 1,
                          width,
                          conv::block_channels(s),
                          weights.data(),
                          biases.data(),
                          relu};
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
