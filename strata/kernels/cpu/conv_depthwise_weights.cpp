// Gradients of the weights and bias of depthwise convolutions and of groups of four channels:
// vectors along the channels.
#include <algorithm>
#include <utility>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/conv_depthwise_weights.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/conv_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace conv {
namespace {

// Adds the products of a tap's input and the results of its group.
template <int kGroup, int kTaps, int... kResults>
HWY_INLINE void add_products(V32 dy, V32 x, int tap, V32 (&sums)[kGroup][kTaps],
                             std::integer_sequence<int, kResults...>) {
  ((sums[kResults][tap] = hn::MulAdd(for_group<kGroup, kResults>(dy), x, sums[kResults][tap])),
   ...);
}

// Sums over a row of results for a vector of channels: kTaps taps of kRows rows of the window, all
// of them on the image, from `tap` of the first row on. Whole windows, and none, also sum dy.
template <int kGroup, int kRows, int kTaps>
HWY_NOINLINE void depthwise_weights_row(const Conv2dShape& s, int64_t tap,
                                        const float* HWY_RESTRICT x, const float* HWY_RESTRICT dy,
                                        float* sums, float* bias) {
  constexpr bool kBias = kRows != 1;
  constexpr auto kResults = std::make_integer_sequence<int, kGroup>();
  const F32 d;
  const int64_t ow = s.ow(), pixel = s.c, stride = s.stride_w, dilation = s.dilation_w;
  const int64_t row = s.dilation_h * s.w * pixel, step = dilation * pixel;
  const auto place = [&](int r, int t, int o) { return ((r * s.kw + t) * kGroup + o) * kLanes; };
  V32 sum[kRows + 1][kGroup][kTaps], total = kBias ? hn::Load(d, bias) : hn::Zero(d);
  for (int r = 0; r < kRows; ++r) {
    for (int t = 0; t < kTaps; ++t) {
      for (int o = 0; o < kGroup; ++o) sum[r][o][t] = hn::Load(d, sums + place(r, t, o));
    }
  }
  const int64_t offset = tap * dilation - s.pad_w, reach = (kTaps - 1) * dilation;
  const auto border = [&](int64_t begin, int64_t end) HWY_ATTR {
    for (int64_t j = begin; j < end; ++j) {
      const V32 g = hn::LoadU(d, dy + j * pixel);
      if constexpr (kBias) total = hn::Add(total, g);
      for (int t = 0; t < kTaps; ++t) {
        const int64_t column = j * stride + offset + t * dilation;
        if (column < 0 || column >= s.w) continue;
        for (int r = 0; r < kRows; ++r) {
          add_products(g, hn::LoadU(d, x + r * row + column * pixel), t, sum[r], kResults);
        }
      }
    }
  };
  const int64_t first = std::min(ow, offset < 0 ? (-offset + stride - 1) / stride : 0);
  const int64_t room = s.w - 1 - offset - reach;
  const int64_t last = std::clamp<int64_t>(room < 0 ? 0 : room / stride + 1, first, ow);
  border(0, first);
  const float* from = x + (first * stride + offset) * pixel;
  for (int64_t j = first; j < last; ++j, from += stride * pixel) {
    const V32 g = hn::LoadU(d, dy + j * pixel);
    if constexpr (kBias) total = hn::Add(total, g);
    for (int r = 0; r < kRows; ++r) {
      for (int t = 0; t < kTaps; ++t) {
        add_products(g, hn::LoadU(d, from + r * row + t * step), t, sum[r], kResults);
      }
    }
  }
  border(last, ow);
  if constexpr (kBias) hn::Store(total, d, bias);
  for (int r = 0; r < kRows; ++r) {
    for (int t = 0; t < kTaps; ++t) {
      for (int o = 0; o < kGroup; ++o) hn::Store(sum[r][o][t], d, sums + place(r, t, o));
    }
  }
}

// The same for all taps of one row of the window.
template <int kGroup>
void depthwise_weights_taps(const Conv2dShape& s, const float* x, const float* dy, float* sums) {
  int64_t tap = 0;
  const auto at = [&] { return sums + tap * kGroup * kLanes; };
  if constexpr (kGroup == 1) {
    for (; tap + 7 <= s.kw; tap += 7) depthwise_weights_row<1, 1, 7>(s, tap, x, dy, at(), nullptr);
    for (; tap + 5 <= s.kw; tap += 5) depthwise_weights_row<1, 1, 5>(s, tap, x, dy, at(), nullptr);
  }
  for (; tap + 3 <= s.kw; tap += 3) {
    depthwise_weights_row<kGroup, 1, 3>(s, tap, x, dy, at(), nullptr);
  }
  for (; tap < s.kw; ++tap) depthwise_weights_row<kGroup, 1, 1>(s, tap, x, dy, at(), nullptr);
}

// Where a vector's channels begin: the last vector shares some with the one before.
int64_t first_channel(const Conv2dShape& s, int64_t vector) {
  return std::min<int64_t>(vector * kLanes, s.c - kLanes);
}

// Rows [begin, end) of all images' results; sums are [vector][taps, results of a group, and then
// the bias][kLanes].
template <int kGroup>
void depthwise_weights_rows(const Conv2dShape& s, int64_t begin, int64_t end, const float* x,
                            const float* dy, float* sums) {
  const int64_t oh = s.oh(), products = s.kh * s.kw * kGroup;
  const int64_t vectors = (s.c + kLanes - 1) / kLanes;
  std::fill_n(sums, vectors * (products + 1) * kLanes, 0.0f);
  for (int64_t at = begin; at < end; ++at) {
    const int64_t top = at % oh * s.stride_h - s.pad_h;
    const bool whole = s.kh == 3 && s.kw == 3 && top >= 0 && top + 2 * s.dilation_h < s.h;
    for (int64_t v = 0; v < vectors; ++v) {
      const int64_t c = first_channel(s, v);
      const float* dy_row = dy + at * s.ow() * s.c + c;
      const auto x_row = [&](int64_t r) {
        return x + (at / oh * s.h + top + r * s.dilation_h) * s.w * s.c + c;
      };
      float* to = sums + v * (products + 1) * kLanes;
      float* bias = to + products * kLanes;
      if constexpr (kGroup == 1) {
        if (whole) {
          depthwise_weights_row<1, 3, 3>(s, 0, x_row(0), dy_row, to, bias);
          continue;
        }
      }
      for (int64_t r = 0; r < s.kh; ++r) {
        const int64_t row = top + r * s.dilation_h;
        if (row < 0 || row >= s.h) continue;
        depthwise_weights_taps<kGroup>(s, x_row(r), dy_row, to + r * s.kw * kGroup * kLanes);
      }
      depthwise_weights_row<1, 0, 1>(s, 0, dy_row, dy_row, to, bias);  // reads no inputs
    }
  }
}

}  // namespace
}  // namespace conv

void run_depthwise_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw,
                           float* dbias) {
  using conv::kLanes;
  const conv::F32 d;
  if (s.c < kLanes) {
    if (dbias) channel_sums(s.n * s.oh() * s.ow(), s.c, dy, dbias);
    return conv2d_weights_few(s, x, dy, dw);
  }
  const int64_t taps = s.kh * s.kw, group = s.group_c(), products = taps * group;
  const int64_t vectors = (s.c + kLanes - 1) / kLanes;
  const int64_t rows = s.n * s.oh(), chunks = std::min<int64_t>(16, rows);
  const int64_t size = vectors * (products + 1) * kLanes;
  const Scratch<float> sums(chunks * size, "conv2d");
  parallel_chunks(chunks, [&](int64_t k) {
    const auto run = group == 1 ? conv::depthwise_weights_rows<1> : conv::depthwise_weights_rows<4>;
    run(s, k * rows / chunks, (k + 1) * rows / chunks, x, dy, &sums[k * size]);
  });
  for (int64_t i = 0; i < size; i += kLanes) {
    conv::V32 sum = conv::hn::Load(d, &sums[i]);
    for (int64_t k = 1; k < chunks; ++k) {
      sum = conv::hn::Add(sum, conv::hn::Load(d, &sums[k * size + i]));
    }
    conv::hn::Store(sum, d, &sums[i]);
  }
  for (int64_t v = 0; v < vectors; ++v) {
    const float* from = &sums[v * (products + 1) * kLanes];
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      const int64_t c = conv::first_channel(s, v) + lane, first = c / group * group;
      for (int64_t t = 0; t < taps; ++t) {
        for (int64_t o = 0; o < group; ++o) {
          dw[((first + o) * taps + t) * group + c % group] = from[(t * group + o) * kLanes + lane];
        }
      }
      if (dbias) dbias[c] = from[products * kLanes + lane];
    }
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(run_depthwise_weights);

void conv2d_depthwise_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw,
                              float* dbias) {
  HWY_DYNAMIC_DISPATCH(run_depthwise_weights)(s, x, dy, dw, dbias);
}

}  // namespace strata::kernels
#endif
