// Windows of 3x3 over groups of one channel or of four, computed from the images as they lie.
// Included once for each instruction set.
// clang-format off
#if defined(STRATA_KERNELS_CPU_CONV_DEPTHWISE_3X3_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_CONV_DEPTHWISE_3X3_INL_H_
#undef STRATA_KERNELS_CPU_CONV_DEPTHWISE_3X3_INL_H_
#else
#define STRATA_KERNELS_CPU_CONV_DEPTHWISE_3X3_INL_H_
#endif
// clang-format on

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_tile-inl.h"
#include "strata/kernels/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE::conv {

inline constexpr int64_t kLine = 16;  // channels of a cache line: units of work have whole ones

// The forward pass, or the way back to the input as one over the gradients, which a stride takes
// `apart`, and the weights turned over: the window of result i begins at row i * stride - pad of
// the source spread out so.
struct Depthwise {
  int64_t images, channels;
  int64_t group;  // channels that are summed for a result: 1, or 4 where the windows are 3x3
  int64_t source_h, source_w;
  int64_t result_h, result_w;
  int64_t kh, kw, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
  int64_t apart_h, apart_w;
  int64_t width;  // channels in whole lines
  int64_t block;  // channels of a unit of work
  bool relu;
  const float* weights = nullptr;  // [group, kh, kw, width]
  const float* bias = nullptr;     // [width]
};

HWY_INLINE V32 relu_of(V32 x) {  // a NaN stays one
  return hn::IfThenZeroElse(hn::Lt(x, hn::Zero(F32())), x);
}

// Windows of 3x3 without gaps are as much reading as sums. A tile has two rows of four results;
// each input is loaded once, from where it lies, and serves all the results that it reaches.
template <int kResultStride, int kInputApart, int kGroupChannels>
struct Window3x3 {
  static constexpr int kStride = kResultStride, kApart = kInputApart, kGroup = kGroupChannels;
  static constexpr int kRows = 2, kColumns = 4;
  // Where the first input stands behind the window's begin: gradients apart stand between zeros.
  static constexpr int kFirst = kApart - 1;
  static constexpr int inputs(int results) {
    return ((results - 1) * kStride + 2 - kFirst) / kApart + 1;
  }
  // The tap by which an input reaches a result, if 0, 1 or 2.
  static constexpr int tap(int input, int result) {
    return input * kApart + kFirst - result * kStride;
  }
  using Results = V32[kRows][kColumns];
};

template <class W, int kRow, int kColumn>
HWY_INLINE void tile_input(V32 x, const V32 (&w)[W::kRows][3], typename W::Results& sums) {
  for (int i = 0; i < W::kRows; ++i) {
    for (int j = 0; j < W::kColumns; ++j) {
      const int row = W::tap(kRow, i), column = W::tap(kColumn, j);
      if (row < 0 || row > 2 || column < 0 || column > 2) continue;
      sums[i][j] = hn::MulAdd(w[i][column], x, sums[i][j]);
    }
  }
}

// `inputs` has the row's pixels, or zeros where they are on the padding.
template <class W, int kRow, int kChannel, int... kColumns>
HWY_INLINE void tile_row(const float* const* inputs, int64_t v, const float* weights, int64_t width,
                         typename W::Results& sums, std::integer_sequence<int, kColumns...>) {
  const F32 d;
  V32 w[W::kRows][3];
  for (int i = 0; i < W::kRows; ++i) {
    const int row = kChannel * 3 + std::clamp(W::tap(kRow, i), 0, 2);
    for (int t = 0; t < 3; ++t) w[i][t] = hn::LoadU(d, weights + (row * 3 + t) * width);
  }
  (tile_input<W, kRow, kColumns>(for_group<W::kGroup, kChannel>(hn::LoadU(d, inputs[kColumns] + v)),
                                 w, sums),
   ...);
}

// All channels of the groups; a row on the padding is null.
template <class W, int kRow, int... kChannels>
HWY_INLINE void tile_row_of_groups(const float* const* inputs, int64_t v, const float* weights,
                                   int64_t width, typename W::Results& sums,
                                   std::integer_sequence<int, kChannels...>) {
  constexpr auto kColumns = std::make_integer_sequence<int, W::inputs(W::kColumns)>();
  if (inputs == nullptr) return;
  (tile_row<W, kRow, kChannels>(inputs, v, weights, width, sums, kColumns), ...);
}

// Channels [first, last) of a tile, at least a vector of them.
template <class W, int... kInputRows>
HWY_NOINLINE void tile_3x3(const Depthwise& p, const float* const* const* rows, int64_t first,
                           int64_t last, float* y, std::integer_sequence<int, kInputRows...>) {
  const F32 d;
  constexpr auto kChannels = std::make_integer_sequence<int, W::kGroup>();
  for (int64_t next = first; next < last; next += kLanes) {
    const int64_t v = std::min<int64_t>(next, last - kLanes);  // the last compute some anew
    typename W::Results sums;
    const V32 bias = hn::LoadU(d, p.bias + v);
    for (auto& row : sums) {
      for (V32& sum : row) sum = bias;
    }
    (tile_row_of_groups<W, kInputRows>(rows[kInputRows], v, p.weights + v, p.width, sums,
                                       kChannels),
     ...);
    for (int i = 0; i < W::kRows; ++i) {
      for (int j = 0; j < W::kColumns; ++j) {
        const V32 sum = p.relu ? relu_of(sums[i][j]) : sums[i][j];
        hn::StoreU(sum, d, y + (i * p.result_w + j) * p.channels + v);
      }
    }
  }
}

// The rows of the source under a row of tiles, as pointers to their pixels.
template <class W>
class Inputs {
 public:
  static constexpr int kRows = W::inputs(W::kRows);

  Inputs(const Depthwise& p, const float* zeros)
      : p_(p),
        left_((W::kFirst - p.pad_w) / W::kApart),
        columns_(((p.result_w - 1) * W::kStride + 2 - W::kFirst) / W::kApart + 1),
        pixels_(static_cast<size_t>(kRows * columns_), zeros) {}

  // The inputs of the tiles whose first row of results is `i`.
  void find(const float* image, int64_t i) {
    const int64_t top = (i * W::kStride - p_.pad_h + W::kFirst) / W::kApart;
    const int64_t begin = std::max<int64_t>(0, -left_);
    const int64_t end = std::min(columns_, p_.source_w - left_);
    for (int r = 0; r < kRows; ++r) {
      const int64_t row = top + r;
      rows_[r] = nullptr;
      if (row < 0 || row >= p_.source_h) continue;
      const float** to = pixels_.data() + r * columns_;
      const float* from = image + (row * p_.source_w + left_) * p_.channels;
      for (int64_t k = begin; k < end; ++k) to[k] = from + k * p_.channels;
      rows_[r] = to;
    }
  }

  // The inputs of the tile whose first column of results is `j`.
  const float* const* const* at(int64_t j) {
    for (int r = 0; r < kRows; ++r) {
      tile_[r] = rows_[r] == nullptr ? nullptr : rows_[r] + j * W::kStride / W::kApart;
    }
    return tile_;
  }

 private:
  const Depthwise& p_;
  int64_t left_, columns_;            // of the source, under the row
  std::vector<const float*> pixels_;  // of each row
  const float* const* rows_[kRows];
  const float* const* tile_[kRows];
};

// An odd row or column of results at the end belongs to a tile that computes its neighbours anew.
template <class W>
void depthwise_3x3(const Depthwise& p, const float* source, float* result) {
  constexpr auto kInputRows = std::make_integer_sequence<int, W::inputs(W::kRows)>();
  const int64_t pairs = p.result_h / W::kRows, images = std::max<int64_t>(1, p.images);
  const int64_t blocks = std::clamp<int64_t>(32 / images, 1, pairs);
  const int64_t lines = p.channels / kLine;
  const int64_t parts =
      std::clamp<int64_t>(16 / (images * blocks), 1, std::max<int64_t>(1, lines / 8));
  const Scratch<float> zeros(p.channels, "conv2d");
  std::fill_n(zeros.data(), p.channels, 0.0f);
  parallel_chunks(p.images * blocks * parts, [&](int64_t u) {
    const int64_t part = u % parts, b = u / parts % blocks, image = u / parts / blocks;
    const int64_t first = part * lines / parts * kLine;
    const int64_t last = part + 1 == parts ? p.channels : (part + 1) * lines / parts * kLine;
    const int64_t end = b + 1 == blocks ? p.result_h : (b + 1) * pairs / blocks * W::kRows;
    float* y = result + image * p.result_h * p.result_w * p.channels;
    Inputs<W> inputs(p, zeros.data());
    for (int64_t next = b * pairs / blocks * W::kRows; next < end; next += W::kRows) {
      const int64_t i = std::min(next, p.result_h - W::kRows);
      inputs.find(source + image * p.source_h * p.source_w * p.channels, i);
      for (int64_t k = 0; k < p.result_w; k += W::kColumns) {
        const int64_t j = std::min(k, p.result_w - W::kColumns);
        tile_3x3<W>(p, inputs.at(j), first, last, y + (i * p.result_w + j) * p.channels,
                    kInputRows);
      }
    }
  });
}

// Pixels so far apart that all inputs of a tile fall on few places of the first cache, where they
// drive each other out between two vectors of a line: a ring of copies takes two thirds of the
// time.
inline bool has_colliding_pixels(const Depthwise& p) { return p.channels % 512 == 0; }

using DepthwiseRun = void (*)(const Depthwise& p, const float* source, float* result);

// What computes windows of 3x3 by the tiles above; null where these do not fit.
inline DepthwiseRun tiles_3x3(const Depthwise& p) {
  if (p.kh != 3 || p.kw != 3 || p.dilation_h != 1 || p.dilation_w != 1) return nullptr;
  if (p.channels < kLanes || p.result_h < 2 || p.result_w < 4) return nullptr;
  const auto goes_by = [&](int64_t stride, int64_t apart) {
    return p.stride_h == stride && p.stride_w == stride && p.apart_h == apart && p.apart_w == apart;
  };
  if (p.group == 4) return goes_by(1, 1) ? depthwise_3x3<Window3x3<1, 1, 4>> : nullptr;
  if (has_colliding_pixels(p)) return nullptr;
  if (goes_by(1, 1)) return depthwise_3x3<Window3x3<1, 1, 1>>;
  if (goes_by(2, 1)) return depthwise_3x3<Window3x3<2, 1, 1>>;
  // Tiles begin where a gradient stands in the middle.
  const bool even = p.result_h % 2 == 0 && p.result_w % 2 == 0;
  const bool middle = even && p.pad_h % 2 == 1 && p.pad_w % 2 == 1;
  return goes_by(1, 2) && middle ? depthwise_3x3<Window3x3<1, 2, 1>> : nullptr;
}

}  // namespace strata::kernels::HWY_NAMESPACE::conv
HWY_AFTER_NAMESPACE();

#endif
