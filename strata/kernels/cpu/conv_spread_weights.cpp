// Gradients of the weights from images of one channel to channels that would leave a vector's lanes
// empty.
#include <algorithm>
#include <utility>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/conv_spread_weights.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/conv_spread-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace conv {
namespace {

// Columns of the window at once: their sums, gradients and one input stay in registers.
constexpr int spread_taps(int window_rows) {
  return std::min(5, ((kManyRegisters ? 32 : 16) - 1 - window_rows) / window_rows);
}

// A vector's columns of the copies and of the rows of gradients, and steps in elements.
struct SpreadColumn {
  const float* x;
  const float* const* dy;
  int64_t dy_offset, count;  // lanes of the vector that are the row's
  int64_t x_row, rows, channels;
  int64_t sums_row;
};

// Adds to the sums [row of the window][tap]. g[r] is of the row r above the one of the copies.
template <int kWindowRows, int kTaps>
HWY_NOINLINE void spread_weights_tile(const SpreadColumn& c, float* HWY_RESTRICT sums) {
  const F32 d;
  V32 sum[kWindowRows][kTaps], g[kWindowRows];
  HWY_UNROLL(8)
  for (int r = 0; r < kWindowRows; ++r) {
    g[r] = hn::Zero(d);
    HWY_UNROLL(8)
    for (int t = 0; t < kTaps; ++t) sum[r][t] = hn::Load(d, sums + r * c.sums_row + t * kLanes);
  }
  const float* x = c.x;
  for (int64_t i = 0; i < c.rows; ++i, x += c.x_row) {
    HWY_UNROLL(8)
    for (int r = kWindowRows - 1; r > 0; --r) g[r] = g[r - 1];
    g[0] = part::load(d, c.dy[i] + c.dy_offset, c.count);
    HWY_UNROLL(8)
    for (int t = 0; t < kTaps; ++t) {
      const V32 input = hn::LoadU(d, x + t * c.channels);
      HWY_UNROLL(8)
      for (int r = 0; r < kWindowRows; ++r) sum[r][t] = hn::MulAdd(g[r], input, sum[r][t]);
    }
  }
  HWY_UNROLL(8)
  for (int r = 0; r < kWindowRows; ++r) {
    HWY_UNROLL(8)
    for (int t = 0; t < kTaps; ++t) hn::Store(sum[r][t], d, sums + r * c.sums_row + t * kLanes);
  }
}

using SpreadWeightsTile = void (*)(const SpreadColumn&, float*);

template <int kWindowRows, int... kTaps>
SpreadWeightsTile spread_weights_tile_of(int64_t taps, std::integer_sequence<int, kTaps...>) {
  static constexpr SpreadWeightsTile kTiles[] = {spread_weights_tile<kWindowRows, kTaps + 1>...};
  return kTiles[taps - 1];
}

template <int kWindowRows>
class SpreadWeights {
 public:
  explicit SpreadWeights(const Conv2dShape& s)
      : s_(s), spread_(s, 16 << 10), size_(spread_.phases() * s.kh * s.kw * kLanes) {}

  void run(const float* x, const float* dy, float* dw) const {
    const int64_t chunks = std::min<int64_t>(16, spread_.blocks()), line = s_.ow() * s_.oc;
    const Scratch<float> sums(chunks * size_, "conv2d");
    parallel_chunks(chunks, [&](int64_t chunk) {
      const Scratch<float> copies(spread_.size(), "conv2d"), zeros(line, "conv2d");
      float* to = &sums[chunk * size_];
      std::fill_n(to, size_, 0.0f);
      std::fill_n(zeros.data(), line, 0.0f);
      std::vector<const float*> dy_rows;
      spread_.for_blocks(x, chunk, chunks, copies.data(), [&](int64_t first, int64_t rows) {
        dy_rows.assign(static_cast<size_t>(rows + kWindowRows - 1), zeros.data());
        for (int64_t i = 0; i < rows; ++i) {
          dy_rows[static_cast<size_t>(i)] = dy + (first + i) * line;
        }
        run_block(copies.data(), dy_rows, to);
      });
    });
    write(sums.data(), chunks, dw);
  }

 private:
  void run_block(const float* copies, const std::vector<const float*>& dy, float* sums) const {
    constexpr int kMost = spread_taps(kWindowRows);
    constexpr auto kTaps = std::make_integer_sequence<int, kMost>();
    for (int64_t v = 0; v < spread_.vectors(); ++v) {
      float* to = sums + v % spread_.phases() * s_.kh * s_.kw * kLanes;
      for (int64_t t = 0; t < s_.kw; t += kMost) {
        const SpreadColumn column{copies + v * kLanes + t * s_.oc,
                                  dy.data(),
                                  v * kLanes,
                                  std::min<int64_t>(kLanes, s_.ow() * s_.oc - v * kLanes),
                                  spread_.row(),
                                  static_cast<int64_t>(dy.size()),
                                  s_.oc,
                                  s_.kw * kLanes};
        const int64_t taps = std::min<int64_t>(kMost, s_.kw - t);
        spread_weights_tile_of<kWindowRows>(taps, kTaps)(column, to + t * kLanes);
      }
    }
  }

  // Chunks in order, then the lanes of each channel.
  void write(float* sums, int64_t chunks, float* dw) const {
    for (int64_t k = 1; k < chunks; ++k) {
      for (int64_t i = 0; i < size_; ++i) sums[i] += sums[k * size_ + i];
    }
    const int64_t taps = s_.kh * s_.kw;
    std::fill_n(dw, s_.oc * taps, 0.0f);
    for (int64_t p = 0; p < spread_.phases(); ++p) {
      for (int64_t t = 0; t < taps; ++t) {
        for (int64_t l = 0; l < kLanes; ++l) {
          dw[(p * kLanes + l) % s_.oc * taps + t] += sums[(p * taps + t) * kLanes + l];
        }
      }
    }
  }

  const Conv2dShape& s_;
  const Spread spread_;
  const int64_t size_;  // of a chunk's sums: [phase][row of the window][tap][lane]
};

}  // namespace
}  // namespace conv

bool run_spread_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw) {
  if (!conv::spread_fits(s)) return false;
  conv::for_window_rows(
      s.kh, [&](auto rows) { conv::SpreadWeights<decltype(rows)::value>(s).run(x, dy, dw); });
  return all_finite(dw, s.w_size());
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(run_spread_weights);

bool conv2d_spread_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw) {
  return HWY_DYNAMIC_DISPATCH(run_spread_weights)(s, x, dy, dw);
}

}  // namespace strata::kernels
#endif
