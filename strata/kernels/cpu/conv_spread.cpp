// The forward pass from images of one channel to channels that would leave a vector's lanes empty.
#include <algorithm>
#include <limits>
#include <utility>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/conv_spread.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/conv_spread-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace conv {
namespace {

// Results below each other in a tile of two vectors; one column of the window stays in registers.
constexpr int spread_rows(int window_rows) {
  if (kManyRegisters) return 8;
  return window_rows == 7 ? 3 : 4;
}

// What the tiles of a layer have in common.
struct SpreadLayer {
  int64_t x_row, y_row;    // elements from one row to the next
  int64_t vector_step;     // from a tile's vector to the next of the same phase
  int64_t taps, channels;  // of a row of the window; a tap's shift
  float least;             // result: 0 behind a relu
};

// kRows results below each other, kVectors of one phase, the last of which has `count` lanes.
// Weights are [tap][row of the window].
template <int kWindowRows, int kRows, int kVectors>
HWY_NOINLINE void spread_tile(const SpreadLayer& layer, const float* HWY_RESTRICT x,
                              const float* HWY_RESTRICT weights, const float* bias, int64_t count,
                              float* HWY_RESTRICT y) {
  const F32 d;
  V32 sums[kRows][kVectors];
  HWY_UNROLL(8)
  for (int i = 0; i < kRows; ++i) {
    HWY_UNROLL(2)
    for (int v = 0; v < kVectors; ++v) sums[i][v] = hn::Load(d, bias);
  }
  for (int64_t t = 0; t < layer.taps; ++t, x += layer.channels, weights += kWindowRows * kLanes) {
    V32 w[kWindowRows];
    HWY_UNROLL(8)
    for (int r = 0; r < kWindowRows; ++r) w[r] = hn::Load(d, weights + r * kLanes);
    HWY_UNROLL(16)
    for (int q = 0; q < kRows + kWindowRows - 1; ++q) {
      HWY_UNROLL(2)
      for (int v = 0; v < kVectors; ++v) {
        const V32 a = hn::LoadU(d, x + q * layer.x_row + v * layer.vector_step);
        HWY_UNROLL(8)
        for (int i = 0; i < kRows; ++i) {
          const int r = q - i;  // the row of the window
          if (r >= 0 && r < kWindowRows) sums[i][v] = hn::MulAdd(w[r], a, sums[i][v]);
        }
      }
    }
  }
  const V32 least = hn::Set(d, layer.least);
  HWY_UNROLL(8)
  for (int i = 0; i < kRows; ++i) {
    HWY_UNROLL(2)
    for (int v = 0; v < kVectors; ++v) {
      const V32 sum = sums[i][v];  // a NaN stays one
      part::store(d, hn::IfThenElse(hn::Lt(sum, least), least, sum),
                  y + i * layer.y_row + v * layer.vector_step, v + 1 == kVectors ? count : kLanes);
    }
  }
}

using SpreadTile = void (*)(const SpreadLayer&, const float*, const float*, const float*, int64_t,
                            float*);

template <int kWindowRows, int... kRows>
SpreadTile spread_tile_of(int64_t rows, bool two, std::integer_sequence<int, kRows...>) {
  static constexpr SpreadTile kOne[] = {spread_tile<kWindowRows, kRows + 1, 1>...};
  static constexpr SpreadTile kTwo[] = {spread_tile<kWindowRows, kRows + 1, 2>...};
  return (two ? kTwo : kOne)[rows - 1];
}

template <int kWindowRows>
class SpreadForward {
 public:
  SpreadForward(const Conv2dShape& s, const float* w, const float* bias, bool relu)
      : s_(s),
        spread_(s, 4 << 10),
        layer_{spread_.row(), s.ow() * s.oc, spread_.phases() * kLanes,
               s.kw,          s.oc,          relu ? 0.0f : -std::numeric_limits<float>::infinity()},
        weights_(spread_.phases() * s.kw * kWindowRows * kLanes, "conv2d"),
        bias_(spread_.phases() * kLanes, "conv2d") {
    for (int64_t p = 0; p < spread_.phases(); ++p) {
      for (int64_t l = 0; l < kLanes; ++l) {
        const int64_t o = (p * kLanes + l) % s.oc;
        bias_[p * kLanes + l] = bias ? bias[o] : 0.0f;
        for (int64_t t = 0; t < s.kw; ++t) {
          for (int64_t r = 0; r < kWindowRows; ++r) {
            weights_[((p * s.kw + t) * kWindowRows + r) * kLanes + l] =
                w[(o * kWindowRows + r) * s.kw + t];
          }
        }
      }
    }
  }

  void run(const float* x, float* y) const {
    const int64_t chunks = std::min<int64_t>(32, spread_.blocks());
    parallel_chunks(chunks, [&](int64_t chunk) {
      const Scratch<float> copies(spread_.size(), "conv2d");
      spread_.for_blocks(x, chunk, chunks, copies.data(), [&](int64_t first, int64_t rows) {
        run_block(copies.data(), rows, y + first * layer_.y_row);
      });
    });
  }

 private:
  // Rows are cut into tiles of nearly one height.
  void run_block(const float* copies, int64_t rows, float* y) const {
    constexpr int kMost = spread_rows(kWindowRows);
    const int64_t tiles = (rows + kMost - 1) / kMost;
    for (int64_t t = 0; t < tiles; ++t) {
      const int64_t first = t * rows / tiles, size = (t + 1) * rows / tiles - first;
      run_tiles(copies + first * layer_.x_row, size, y + first * layer_.y_row);
    }
  }

  void run_tiles(const float* x, int64_t rows, float* y) const {
    constexpr auto kHeights = std::make_integer_sequence<int, spread_rows(kWindowRows)>();
    const int64_t phases = spread_.phases(), vectors = spread_.vectors();
    for (int64_t p = 0; p < std::min(phases, vectors); ++p) {
      const float* weights = &weights_[p * s_.kw * kWindowRows * kLanes];
      for (int64_t v = p; v < vectors; v += 2 * phases) {
        const bool two = v + phases < vectors;
        const int64_t last = two ? v + phases : v;
        spread_tile_of<kWindowRows>(rows, two, kHeights)(
            layer_, x + v * kLanes, weights, &bias_[p * kLanes],
            std::min<int64_t>(kLanes, layer_.y_row - last * kLanes), y + v * kLanes);
      }
    }
  }

  const Conv2dShape& s_;
  const Spread spread_;
  const SpreadLayer layer_;
  Scratch<float> weights_, bias_;  // [phase][tap][row of the window][lane], [phase][lane]
};

}  // namespace
}  // namespace conv

bool run_spread(const Conv2dShape& s, const float* x, const float* w, const float* bias, bool relu,
                float* y) {
  if (!conv::spread_fits(s)) return false;
  conv::for_window_rows(s.kh, [&](auto rows) {
    conv::SpreadForward<decltype(rows)::value>(s, w, bias, relu).run(x, y);
  });
  return true;
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(run_spread);

bool conv2d_spread(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                   bool relu, float* y) {
  return HWY_DYNAMIC_DISPATCH(run_spread)(s, x, w, bias, relu, y);
}

}  // namespace strata::kernels
#endif
