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

constexpr int kDepthwiseTile = 6;  // neighbouring results that share a vector of weights

// For each result of an axis the (source, tap) pairs it sums.
struct TapPair {
  int64_t source, tap;
};
struct TapLists {
  std::vector<TapPair> pairs;
  std::vector<size_t> begin;

  const TapPair* first(int64_t i) const { return pairs.data() + begin[static_cast<size_t>(i)]; }
  const TapPair* last(int64_t i) const { return pairs.data() + begin[static_cast<size_t>(i) + 1]; }
};

TapLists forward_taps(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t pad,
                      int64_t dilation) {
  TapLists lists;
  for (int64_t i = 0; i < out; ++i) {
    lists.begin.push_back(lists.pairs.size());
    for (int64_t k = 0; k < kernel; ++k) {
      const int64_t at = i * stride - pad + k * dilation;
      if (at >= 0 && at < in) lists.pairs.push_back({at, k});
    }
  }
  lists.begin.push_back(lists.pairs.size());
  return lists;
}

TapLists backward_taps(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t pad,
                       int64_t dilation) {
  TapLists lists;
  for (int64_t i = 0; i < in; ++i) {
    lists.begin.push_back(lists.pairs.size());
    for (int64_t k = kernel - 1; k >= 0; --k) {
      const int64_t at = i + pad - k * dilation;
      if (at >= 0 && at % stride == 0 && at / stride < out) lists.pairs.push_back({at / stride, k});
    }
  }
  lists.begin.push_back(lists.pairs.size());
  return lists;
}

// Results first, first + apart, ... whose taps are the same, each list `step` pixels after the one
// before.
struct Span {
  int64_t first, count, step, apart;
};

// Cuts an axis into tiles of results with equal taps, so that they share the weights. On the way
// back of a stride these are `apart` from each other.
std::vector<Span> spans_of(const TapLists& lists, int64_t apart) {
  std::vector<Span> spans;
  const int64_t out = static_cast<int64_t>(lists.begin.size()) - 1;
  const auto step_to = [&](int64_t a, int64_t b) -> int64_t {  // 0 where the taps differ
    const int64_t size = lists.last(a) - lists.first(a);
    if (size == 0 || lists.last(b) - lists.first(b) != size) return 0;
    const int64_t step = lists.first(b)->source - lists.first(a)->source;
    for (int64_t k = 0; k < size; ++k) {
      const TapPair &p = lists.first(a)[k], &q = lists.first(b)[k];
      if (p.tap != q.tap || q.source - p.source != step) return 0;
    }
    return step;
  };
  for (int64_t phase = 0; phase < std::min(apart, out); ++phase) {
    for (int64_t j = phase; j < out; j += apart) {
      const int64_t step = j > phase ? step_to(j - apart, j) : 0;
      const bool joins = step > 0 && spans.back().count < kDepthwiseTile &&
                         (spans.back().count == 1 || spans.back().step == step);
      if (joins) {
        spans.back().step = step;
        ++spans.back().count;
      } else {
        spans.push_back({j, 1, 0, apart});
      }
    }
  }
  return spans;
}

struct Depthwise {
  int64_t channels, padded_channels;
  int64_t source_w, taps_w;
  TapLists rows, columns;
  std::vector<Span> spans;
  const float* weights;  // [kh, kw, padded_channels]
  const float* bias;     // [padded_channels]
  bool relu;
};

// Some channels, at least one and at most a vector of them, of the results of a span.
template <int kCount, bool kPart>
HWY_NOINLINE void depthwise_sums(const Depthwise& p, const Span& span, int64_t row, int64_t c,
                                 const float* HWY_RESTRICT image, float* y) {
  const F32 d;
  const int64_t channels = p.channels, width = p.padded_channels, count = channels - c;
  const int64_t step = span.step * channels, source_row = p.source_w * channels;
  const int64_t taps_row = p.taps_w * width;
  const TapPair *const first = p.columns.first(span.first), *const last =
                                                                p.columns.last(span.first);
  V32 sums[kCount];
  for (int i = 0; i < kCount; ++i) sums[i] = hn::Load(d, p.bias + c);
  for (const TapPair* r = p.rows.first(row); r != p.rows.last(row); ++r) {
    const float* source = image + r->source * source_row + c;
    const float* weights = p.weights + r->tap * taps_row + c;
    for (const TapPair* t = first; t != last; ++t) {
      const V32 w = hn::Load(d, weights + t->tap * width);
      const float* from = source + t->source * channels;
      for (int i = 0; i < kCount; ++i) {
        const V32 v = kPart ? part::load(d, from + i * step, count) : hn::LoadU(d, from + i * step);
        sums[i] = hn::MulAdd(w, v, sums[i]);
      }
    }
  }
  for (int i = 0; i < kCount; ++i) {
    V32 sum = sums[i];
    if (p.relu) sum = hn::IfThenZeroElse(hn::Lt(sum, hn::Zero(d)), sum);  // a NaN stays one
    part::store(d, sum, y + (span.first + i * span.apart) * channels + c, kPart ? count : kLanes);
  }
}

// Adds input kInput of a row of the window to the results that it reaches.
template <int kInput, int kTaps, int kStep>
HWY_INLINE void window_input(V32 v, const V32 (&w)[kTaps], V32 (&sums)[kDepthwiseTile]) {
  for (int t = 0; t < kTaps; ++t) {
    const int i = (kInput - t) / kStep;
    if (t <= kInput && i < kDepthwiseTile && i * kStep == kInput - t) {
      sums[i] = hn::MulAdd(w[t], v, sums[i]);
    }
  }
}

template <int kTaps, int kStep, int... kInputs>
HWY_INLINE void window_row(const float* from, int64_t channels, const V32 (&w)[kTaps],
                           V32 (&sums)[kDepthwiseTile], std::integer_sequence<int, kInputs...>) {
  const F32 d;
  (window_input<kInputs, kTaps, kStep>(hn::LoadU(d, from + kInputs * channels), w, sums), ...);
}

// The same for a whole tile and kTaps taps side by side: each input is loaded once and serves all
// the results that it reaches.
template <int kTaps, int kStep>
HWY_NOINLINE void depthwise_window(const Depthwise& p, const Span& span, int64_t row,
                                   const float* HWY_RESTRICT image, float* y) {
  const F32 d;
  const int64_t channels = p.channels, width = p.padded_channels;
  const TapPair* const taps = p.columns.first(span.first);
  const TapPair *const first_row = p.rows.first(row), *const last_row = p.rows.last(row);
  for (int64_t c = 0; c + kLanes <= channels; c += kLanes) {
    V32 sums[kDepthwiseTile];
    for (int i = 0; i < kDepthwiseTile; ++i) sums[i] = hn::Load(d, p.bias + c);
    for (const TapPair* r = first_row; r != last_row; ++r) {
      const float* weights = p.weights + r->tap * p.taps_w * width + c;
      const float* from = image + (r->source * p.source_w + taps->source) * channels + c;
      V32 w[kTaps];
      for (int t = 0; t < kTaps; ++t) w[t] = hn::Load(d, weights + taps[t].tap * width);
      constexpr int kInputs = (kDepthwiseTile - 1) * kStep + kTaps;
      window_row<kTaps, kStep>(from, channels, w, sums, std::make_integer_sequence<int, kInputs>());
    }
    float* to = y + span.first * channels + c;
    for (int i = 0; i < kDepthwiseTile; ++i, to += span.apart * channels) {
      V32 sum = sums[i];
      if (p.relu) sum = hn::IfThenZeroElse(hn::Lt(sum, hn::Zero(d)), sum);  // a NaN stays one
      hn::StoreU(sum, d, to);
    }
  }
}

using DepthwiseWindow = void (*)(const Depthwise&, const Span&, int64_t, const float*, float*);

// The window function for a span, or null.
DepthwiseWindow window_for(const Depthwise& p, const Span& span) {
  const TapPair* taps = p.columns.first(span.first);
  const int64_t size = p.columns.last(span.first) - taps;
  if (span.count != kDepthwiseTile || p.channels < kLanes) return nullptr;
  for (int64_t t = 1; t < size; ++t) {
    if (taps[t].source != taps->source + t) return nullptr;
  }
  if (span.step == 1) {
    if (size == 3) return depthwise_window<3, 1>;
    if (size == 5) return depthwise_window<5, 1>;
    if (size == 7) return depthwise_window<7, 1>;
  }
  if (span.step == 2) {
    if (size == 3) return depthwise_window<3, 2>;
    if (size == 5) return depthwise_window<5, 2>;
    if (size == 7) return depthwise_window<7, 2>;
  }
  return nullptr;
}

template <int kCount>
void depthwise_tile(const Depthwise& p, const Span& span, int64_t row, const float* image,
                    float* y) {
  int64_t c = 0;
  if (const DepthwiseWindow window = window_for(p, span)) {
    window(p, span, row, image, y);
    c = p.channels / kLanes * kLanes;
  }
  for (; c + kLanes <= p.channels; c += kLanes) {
    depthwise_sums<kCount, false>(p, span, row, c, image, y);
  }
  if (c < p.channels) depthwise_sums<kCount, true>(p, span, row, c, image, y);
}

void depthwise_row(const Depthwise& p, int64_t row, const float* image, float* y) {
  for (const Span& span : p.spans) {
    switch (span.count) {
      case 1: depthwise_tile<1>(p, span, row, image, y); break;
      case 2: depthwise_tile<2>(p, span, row, image, y); break;
      case 3: depthwise_tile<3>(p, span, row, image, y); break;
      case 4: depthwise_tile<4>(p, span, row, image, y); break;
      case 5: depthwise_tile<5>(p, span, row, image, y); break;
      default: depthwise_tile<6>(p, span, row, image, y);
    }
  }
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
    for (int64_t c = 0; c < width; ++c) weights[t * width + c] = c < s.c ? w[c * taps + t] : 0.0f;
  }
  const auto list = back ? conv::backward_taps : conv::forward_taps;
  conv::Depthwise p{s.c,
                    width,
                    back ? s.ow() : s.w,
                    s.kw,
                    list(s.h, s.oh(), s.kh, s.stride_h, s.pad_h, s.dilation_h),
                    list(s.w, s.ow(), s.kw, s.stride_w, s.pad_w, s.dilation_w),
                    {},
                    weights.data(),
                    biases.data(),
                    relu};
  p.spans = conv::spans_of(p.columns, back ? s.stride_w : 1);
  const int64_t rows = back ? s.h : s.oh(), row_size = (back ? s.w : s.ow()) * s.c;
  const int64_t image = (back ? s.oh() * s.ow() : s.h * s.w) * s.c;
  parallel_for(s.n * rows, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      conv::depthwise_row(p, at % rows, source + at / rows * image, result + at * row_size);
    }
  });
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
