// The forward pass over images of few channels (first layers), and the way back of few results as
// one: a row of the window is a short run, so what surrounds the sums must be cheap. Tiles are
// neighbouring pixels of one row.
#include <algorithm>
#include <utility>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/conv_few.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/conv_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace conv {
namespace {

constexpr int64_t kLineFloats = 16;  // of a line of the caches

// What the tiles of a layer have in common.
struct FewChannels {
  int64_t pixel_step, row_step;  // from one result's window, or one row of it, to the next
  int64_t rows, length;          // of the window
  int64_t result_pixel;          // elements from one result to the next
  bool relu;
};

// kRows results beside each other, kVectors of their channels, of which `channels` count.
template <int kRows, int kVectors>
void few_tile(const FewChannels& f, const float* HWY_RESTRICT x, const float* HWY_RESTRICT weights,
              const float* bias, int64_t channels, float* y) {
  const F32 d;
  Sums<kRows, kVectors> sums;
  for (int v = 0; v < kVectors; ++v) {
    const V32 b = hn::Load(d, bias + v * kLanes);
    for (int i = 0; i < kRows; ++i) sums.at[i][v] = b;
  }
  const float* at[kRows];
  for (int i = 0; i < kRows; ++i) {
    at[i] = x + i * f.pixel_step;
    // Results of a line and more each; shorter ones lie together and are fetched by themselves.
    if (f.result_pixel >= kLineFloats) hwy::Prefetch(y + i * f.result_pixel);
  }
  for (int64_t r = 0; r < f.rows; ++r) {
    const int64_t begin = r * f.row_step;
    for (int64_t k = begin; k < begin + f.length; ++k) {
      V32 b[kVectors];
      for (int v = 0; v < kVectors; ++v) b[v] = hn::Load(d, weights + v * kLanes);
      for (int i = 0; i < kRows; ++i) {
        const V32 a = hn::Set(d, at[i][k]);
        for (int v = 0; v < kVectors; ++v) sums.at[i][v] = hn::MulAdd(a, b[v], sums.at[i][v]);
      }
      weights += kVectors * kLanes;
    }
  }
  for (int v = 0; v < kVectors; ++v) {
    for (int i = 0; i < kRows; ++i) {
      V32 sum = sums.at[i][v];
      if (f.relu) sum = hn::IfThenZeroElse(hn::Lt(sum, hn::Zero(d)), sum);  // a NaN stays one
      part::store(d, sum, y + i * f.result_pixel + v * kLanes, channels - v * kLanes);
    }
  }
}

using FewTile = void (*)(const FewChannels&, const float*, const float*, const float*, int64_t,
                         float*);

template <int kVectors, int... kRows>
FewTile few_tile_of(int64_t rows, std::integer_sequence<int, kRows...>) {
  static constexpr FewTile kTiles[] = {few_tile<kRows + 1, kVectors>...};
  return kTiles[rows - 1];
}

FewTile few_tile_for(int64_t vectors, int64_t rows) {
  if constexpr (kMaxVectors >= 4) {
    if (vectors == 4) return few_tile_of<4>(rows, std::make_integer_sequence<int, rows_for(4)>());
    if (vectors == 3) return few_tile_of<3>(rows, std::make_integer_sequence<int, rows_for(3)>());
  }
  if (vectors == 2) return few_tile_of<2>(rows, std::make_integer_sequence<int, rows_for(2)>());
  return few_tile_of<1>(rows, std::make_integer_sequence<int, rows_for(1)>());
}

// A row of results, cut into tiles of nearly one size: `channels` of each tile one after the other,
// so that results are written in the order in which they lie.
void few_row(const FewChannels& f, int64_t depth, int64_t ow, const float* x, const float* weights,
             const float* bias, float* y, int64_t channels) {
  constexpr int64_t kPanel = kMaxVectors * kLanes;
  const int64_t vectors = (channels + kLanes - 1) / kLanes;
  const auto width = [&](int64_t first) { return std::min<int64_t>(kMaxVectors, vectors - first); };
  const int64_t most = rows_for(static_cast<int>(width(0))), tiles = (ow + most - 1) / most;
  const int64_t rows = ow / tiles, longer = ow % tiles;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t size = rows + (t < longer ? 1 : 0);
    for (int64_t v = 0; v < vectors; v += kMaxVectors) {
      const int64_t first = v / kMaxVectors * kPanel;
      few_tile_for(width(v), size)(f, x, weights + first * depth, bias + first, channels - first,
                                   y + first);
    }
    x += size * f.pixel_step;
    y += size * f.result_pixel;
  }
}

// Weights and bias as the tiles read them: panel by panel, in rows of whole vectors.
void pack_few(const Conv2dShape& s, const float* w, const float* bias, float* weights,
              float* padded_bias) {
  const int64_t depth = s.kh * s.kw * s.c, vectors = (s.oc + kLanes - 1) / kLanes;
  for (int64_t o = 0; o < vectors * kLanes; ++o) {
    const int64_t panel = o / (kMaxVectors * kLanes);
    const int64_t width = std::min<int64_t>(kMaxVectors, vectors - panel * kMaxVectors) * kLanes;
    float* to = weights + panel * kMaxVectors * kLanes * depth + o % (kMaxVectors * kLanes);
    for (int64_t k = 0; k < depth; ++k) to[k * width] = o < s.oc ? w[o * depth + k] : 0.0f;
    padded_bias[o] = bias && o < s.oc ? bias[o] : 0.0f;
  }
}

}  // namespace
}  // namespace conv

// `x` has the padding of `s` in it.
void run_few(const Conv2dShape& s, const float* x, const float* w, const float* bias, bool relu,
             float* y, int64_t y_pixel) {
  using conv::kLanes;
  const int64_t depth = s.kh * s.kw * s.c, oh = s.oh(), ow = s.ow();
  const int64_t padded_h = s.h + 2 * s.pad_h, padded_w = s.w + 2 * s.pad_w;
  const int64_t vectors = (s.oc + kLanes - 1) / kLanes;
  Scratch<float> weights(vectors * kLanes * depth, "conv2d"), biases(vectors * kLanes, "conv2d");
  conv::pack_few(s, w, bias, weights.data(), biases.data());
  // Weights that leave the first cache room serve a tile all at once, others a row of tiles.
  const int64_t panel = int64_t{conv::kMaxVectors} * kLanes;
  const int64_t at_once = vectors * kLanes * depth <= 4096 ? vectors * kLanes : panel;
  const conv::FewChannels f{
      s.stride_w * s.c, s.dilation_h * padded_w * s.c, s.kh, s.kw * s.c, y_pixel, relu};
  parallel_for(s.n * oh, std::max<int64_t>(1, 4096 / (ow * s.oc)), [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      const float* from = x + (at / oh * padded_h + at % oh * s.stride_h) * padded_w * s.c;
      for (int64_t first = 0; first < s.oc; first += at_once) {
        conv::few_row(f, depth, ow, from, weights.data() + first * depth, biases.data() + first,
                      y + at * ow * y_pixel + first, std::min(at_once, s.oc - first));
      }
    }
  });
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(run_few);

void conv2d_few_padded(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                       bool relu, float* y, int64_t y_pixel) {
  HWY_DYNAMIC_DISPATCH(run_few)(s, x, w, bias, relu, y, y_pixel);
}

void conv2d_few_channels(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                         bool relu, float* y) {
  if (s.pad_h == 0 && s.pad_w == 0) return conv2d_few_padded(s, x, w, bias, relu, y, s.oc);
  const Scratch<float> padded(s.n * (s.h + 2 * s.pad_h) * (s.w + 2 * s.pad_w) * s.c, "conv2d");
  pad_images(s, x, s.c, padded.data());
  conv2d_few_padded(s, padded.data(), w, bias, relu, y, s.oc);
}

bool conv2d_has_few_gradients(const Conv2dShape& s) {
  const int64_t reach_h = s.dilation_h * (s.kh - 1), reach_w = s.dilation_w * (s.kw - 1);
  return s.oc < 8 && s.groups == 1 && s.stride_h == 1 && s.stride_w == 1 &&
         (s.dilation_w == 1 || s.kw == 1) && s.pad_h <= reach_h && s.pad_w <= reach_w;
}

void conv2d_few_data(const Conv2dShape& s, const float* dy, const float* w, float* dx) {
  Conv2dShape back = s;
  back.h = s.oh(), back.w = s.ow(), back.c = s.oc, back.oc = s.c;
  back.pad_h = s.dilation_h * (s.kh - 1) - s.pad_h;
  back.pad_w = s.dilation_w * (s.kw - 1) - s.pad_w;
  const int64_t taps = s.kh * s.kw;
  Scratch<float> turned(s.w_size(), "conv2d");
  for (int64_t o = 0; o < s.oc; ++o) {
    for (int64_t t = 0; t < taps; ++t) {
      for (int64_t c = 0; c < s.c; ++c) {
        turned[(c * taps + taps - 1 - t) * s.oc + o] = w[(o * taps + t) * s.c + c];
      }
    }
  }
  conv2d_few_channels(back, dy, turned.data(), nullptr, false, dx);
}

}  // namespace strata::kernels
#endif
