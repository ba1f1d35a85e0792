// Depthwise convolutions, one filter for each channel, and groups of four channels: vectors along
// the channels.
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

#include "strata/kernels/cpu/conv_depthwise_3x3-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace conv {
namespace {

constexpr int kDepthwiseTile = 7;  // results beside each other

int64_t padded_channels(int64_t c) { return (c + kLine - 1) / kLine * kLine; }

// Channels of a unit of work. Short windows are as much copying as sums, so that rows should be
// read in long pieces; a single image is to give work to all threads.
int64_t block_channels(const Conv2dShape& s) {
  if (s.kh * s.kw > 9) return kLine;
  return s.n >= 8 ? 16 * kLine : 8 * kLine;
}

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

// Writes the sums of a tile at an edge: fewer results, or not all lanes.
HWY_NOINLINE void store_part(const Row& sums, float* y, int64_t y_step, int64_t results,
                             int64_t count) {
  for (int64_t i = 0; i < results; ++i) part::store(F32(), sums[i], y + i * y_step, count);
}

// A tile's `channels`: its window begins `from` behind the begin of each row, the weights `tap`
// behind. With kTaps > 0 the window's rows have that many taps without gaps, kStep apart from
// result to result: each input is loaded once and serves all the results that it reaches.
template <int kTaps, int kStep>
HWY_NOINLINE void depthwise_tile(const TileRow& p, int64_t from, int64_t tap, const float* bias,
                                 float* y, int64_t y_step, int64_t results, int64_t channels) {
  const F32 d;
  for (int64_t v = 0; v < channels; v += kLanes) {
    Row sums;
    for (V32& sum : sums) sum = hn::Load(d, bias + v);
    for (const WindowRow* r = p.rows; r != p.rows + p.count; ++r) {
      const float* row = r->source + from + v;
      const float* weights = r->weights + tap + v;
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
    if (p.relu) {
      for (V32& sum : sums) sum = relu_of(sum);
    }
    if (results == kDepthwiseTile && channels - v >= kLanes) {
      for (int i = 0; i < kDepthwiseTile; ++i) hn::StoreU(sums[i], d, y + i * y_step + v);
    } else {
      Row rest;  // the sums themselves stay in registers
      for (int i = 0; i < kDepthwiseTile; ++i) rest[i] = sums[i];
      store_part(rest, y + v, y_step, results, channels - v);
    }
  }
}

using DepthwiseTile = void (*)(const TileRow&, int64_t, int64_t, const float*, float*, int64_t,
                               int64_t, int64_t);

DepthwiseTile depthwise_tile_for(const Phase& p) {
  if (p.tap_columns == 1 && p.column_step == 1) {
    if (p.taps == 2) return depthwise_tile<2, 1>;
    if (p.taps == 3) return depthwise_tile<3, 1>;
    if (p.taps == 4) return depthwise_tile<4, 1>;
    if (p.taps == 5) return depthwise_tile<5, 1>;
    if (p.taps == 7) return depthwise_tile<7, 1>;
  }
  if (p.tap_columns == 1 && p.column_step == 2) {
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
    const int64_t y_step = phase.step * p_.channels, tap = phase.tap * p_.width;
    const int64_t from = (phase.column - first_column_ + j * phase.column_step) * pixel_;
    float* to = y + phase.first * p_.channels + j * y_step;
    tile(row, from, tap, bias, to, y_step, std::min<int64_t>(kDepthwiseTile, phase.count - j),
         count_);
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

}  // namespace
}  // namespace conv

// Weights [channel of the group][tap][width], turned over for the way back.
void pack_depthwise(const Conv2dShape& s, bool back, const float* w, int64_t width, float* to) {
  const int64_t taps = s.kh * s.kw, group = s.group_c();
  if (s.c < width) std::fill_n(to, group * taps * width, 0.0f);
  // Of a group, the weights to a result: its own, or those from it in all others.
  const int64_t step = back ? taps * group : 1, tap_step = back ? -group : group;
  for (int64_t c = 0; c < s.c; ++c) {
    const int64_t member = c % group;
    const float* from =
        back ? w + ((c - member) * taps + taps - 1) * group + member : w + c * taps * group;
    for (int64_t i = 0; i < group; ++i) {
      for (int64_t t = 0; t < taps; ++t) {
        to[(i * taps + t) * width + c] = from[i * step + t * tap_step];
      }
    }
  }
}

// Forward (x to y) or, with `back`, the way back to the input (dy to dx). False for groups of four
// that no tile fits.
bool run_depthwise(const Conv2dShape& s, bool back, const float* source, const float* w,
                   const float* bias, bool relu, float* result) {
  const int64_t width = conv::padded_channels(s.c), group = s.group_c();
  const int64_t reach_h = (s.kh - 1) * s.dilation_h, reach_w = (s.kw - 1) * s.dilation_w;
  conv::Depthwise p{s.n,
                    s.c,
                    group,
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
                    relu};
  const conv::DepthwiseRun tiles = conv::tiles_3x3(p);
  if (!tiles && group > 1) return false;
  const Scratch<float> weights(group * s.kh * s.kw * width, "conv2d"), biases(width, "conv2d");
  std::fill_n(biases.data(), width, 0.0f);
  if (bias) std::copy_n(bias, s.c, biases.data());
  pack_depthwise(s, back, w, width, weights.data());
  p.weights = weights.data(), p.bias = biases.data();
  (tiles ? tiles : conv::depthwise)(p, source, result);
  return true;
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(run_depthwise);

bool conv2d_depthwise(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                      bool relu, float* y) {
  return HWY_DYNAMIC_DISPATCH(run_depthwise)(s, false, x, w, bias, relu, y);
}

bool conv2d_depthwise_data(const Conv2dShape& s, const float* dy, const float* w, float* dx) {
  return HWY_DYNAMIC_DISPATCH(run_depthwise)(s, true, dy, w, nullptr, false, dx);
}

}  // namespace strata::kernels
#endif
