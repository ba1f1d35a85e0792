// Gradients of convolution weights where a group has fewer channels than a vector has lanes: the
// vectors run along a row of the window, over all its taps, or where that leaves lanes empty along
// the output channels. Images are copied with their padding, so that every tap of every pixel is
// inside and one list of pixels serves them all.
#include <algorithm>
#include <utility>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/conv_weights_few.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/conv_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace conv {
namespace {

// Vectors of one tile: where they start in the image, relative to the window's origin, and where
// their sums go in the weights of one output channel; or the output channels.
struct Columns {
  int64_t offset[kMaxVectors], weight[kMaxVectors], count[kMaxVectors];
  int vectors = 0;
};

// A pixel of the result and its window's origin, elements from where the block begins: the right
// one is multiplied in vectors.
struct Pixel {
  int32_t left, right;
};

// Rows of a tile: with a single vector more, so that their sums do not wait for each other.
constexpr int tile_rows(int vectors) { return vectors == 1 && kManyRegisters ? 14 : 6; }

class FewWeights {
 public:
  // `x` has the padding of `s` in it and may be read one vector beyond its end.
  FewWeights(const Conv2dShape& s, const float* x, const float* dy, float* dw);
  void run() const;

 private:
  static constexpr int64_t kTileSize =
      int64_t{std::max(tile_rows(1), tile_rows(kMaxVectors) * kMaxVectors)} * kLanes;
  static constexpr int64_t kBlockPixels = 256;

  void add_columns(int64_t tap_row, int64_t tap_column, int64_t length);
  void add_channels();
  int64_t rows() const { return static_cast<int64_t>(rows_.size()); }
  int64_t tile_begin(int64_t tile) const { return tile * rows() / tiles_; }
  int64_t column_tiles() const { return static_cast<int64_t>(columns_.size()); }
  int64_t size() const { return tiles_ * column_tiles() * kTileSize; }
  void run_rows(int64_t begin, int64_t end, float* sums) const;
  void find_pixels(int64_t begin, int64_t end, std::vector<Pixel>& pixels) const;
  template <int kVectors, int... kRows>
  void run_columns(const Columns& columns, const std::vector<Pixel>& pixels, int64_t tile,
                   const float* left, const float* right, float* sums,
                   std::integer_sequence<int, kRows...>) const;
  template <int kVectors>
  void run_columns(const Columns& columns, const std::vector<Pixel>& pixels, int64_t tile,
                   const float* left, const float* right, float* sums) const {
    run_columns<kVectors>(columns, pixels, tile, left, right, sums,
                          std::make_integer_sequence<int, tile_rows(kVectors)>());
  }
  template <int kRows, int kVectors>
  static void run_tile(const Columns& columns, const std::vector<Pixel>& pixels,
                       const int64_t* rows, const float* left, const float* right, float* sums);
  void write(int64_t tile, int64_t chunks, const float* sums) const;

  const Conv2dShape& s_;
  const float *x_, *dy_;
  float* dw_;
  int64_t h_, w_;
  bool along_channels_ = false;  // the vectors; the rows of a tile are elements of the window
  std::vector<int64_t> rows_;    // where the rows of the tiles start: in the pixel, or the window
  std::vector<Columns> columns_;
  int64_t tiles_;
};

FewWeights::FewWeights(const Conv2dShape& s, const float* x, const float* dy, float* dw)
    : s_(s), x_(x), dy_(dy), dw_(dw), h_(s.h + 2 * s.pad_h), w_(s.w + 2 * s.pad_w) {
  const bool rows_are_runs = s.groups == 1 && s.dilation_w == 1;
  const int64_t run = s.kw * s.c, run_lanes = (run + kLanes - 1) / kLanes * kLanes;
  along_channels_ = rows_are_runs && s.oc % 16 == 0 && 8 * run < 7 * run_lanes;
  if (along_channels_) {
    add_channels();
  } else {
    for (int64_t o = 0; o < s.group_oc(); ++o) rows_.push_back(o);
    for (int64_t r = 0; r < s.kh; ++r) {
      for (int64_t t = 0; t < (rows_are_runs ? 1 : s.kw); ++t) {
        add_columns(r, t, rows_are_runs ? run : s.group_c());
      }
    }
  }
  const bool single = std::all_of(columns_.begin(), columns_.end(),
                                  [](const Columns& c) { return c.vectors == 1; });
  const int64_t most = tile_rows(single ? 1 : kMaxVectors);
  tiles_ = (rows() + most - 1) / most;
}

void FewWeights::add_channels() {
  for (int64_t r = 0; r < s_.kh; ++r) {
    for (int64_t k = 0; k < s_.kw * s_.c; ++k) rows_.push_back(r * s_.dilation_h * w_ * s_.c + k);
  }
  for (int64_t o = 0; o < s_.oc; o += kLanes) {
    if (columns_.empty() || columns_.back().vectors == kMaxVectors) columns_.emplace_back();
    Columns& c = columns_.back();
    c.offset[c.vectors] = c.weight[c.vectors] = o;
    c.count[c.vectors] = kLanes;
    ++c.vectors;
  }
}

// Cuts `length` elements from the tap on into vectors.
void FewWeights::add_columns(int64_t tap_row, int64_t tap_column, int64_t length) {
  for (int64_t at = 0; at < length; at += kLanes) {
    if (columns_.empty() || columns_.back().vectors == kMaxVectors) columns_.emplace_back();
    Columns& c = columns_.back();
    c.offset[c.vectors] = (tap_row * s_.dilation_h * w_ + tap_column * s_.dilation_w) * s_.c + at;
    c.weight[c.vectors] = (tap_row * s_.kw + tap_column) * s_.group_c() + at;
    c.count[c.vectors] = std::min<int64_t>(kLanes, length - at);
    ++c.vectors;
  }
}

// Chunks of rows, summed in order.
void FewWeights::run() const {
  const int64_t rows = s_.n * s_.oh(), chunks = std::min<int64_t>(16, rows);
  Scratch<float> sums(chunks * size(), "conv2d");
  parallel_chunks(chunks, [&](int64_t c) {
    run_rows(c * rows / chunks, (c + 1) * rows / chunks, &sums[c * size()]);
  });
  parallel_for(tiles_, 4, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) write(t, chunks, sums.data());
  });
}

void FewWeights::run_rows(int64_t begin, int64_t end, float* sums) const {
  std::fill_n(sums, size(), 0.0f);
  const int64_t oh = s_.oh(), block = std::max<int64_t>(1, kBlockPixels / s_.ow());
  std::vector<Pixel> pixels;
  for (int64_t at = begin; at < end; at += block) {
    find_pixels(at, std::min(end, at + block), pixels);
    const float* dy = dy_ + at * s_.ow() * s_.oc;
    const float* x = x_ + (at / oh * h_ + at % oh * s_.stride_h) * w_ * s_.c;
    const float *left = along_channels_ ? x : dy, *right = along_channels_ ? dy : x;
    for (int64_t c = 0; c < column_tiles(); ++c) {
      const Columns& columns = columns_[static_cast<size_t>(c)];
      for (int64_t t = 0; t < tiles_; ++t) {
        float* to = sums + (t * column_tiles() + c) * kTileSize;
        switch (columns.vectors) {
          case 1: run_columns<1>(columns, pixels, t, left, right, to); break;
          case 2: run_columns<2>(columns, pixels, t, left, right, to); break;
          case 3:
            if constexpr (kMaxVectors >= 3) run_columns<3>(columns, pixels, t, left, right, to);
            break;
          default:
            if constexpr (kMaxVectors >= 4) run_columns<4>(columns, pixels, t, left, right, to);
        }
      }
    }
  }
}

void FewWeights::find_pixels(int64_t begin, int64_t end, std::vector<Pixel>& pixels) const {
  const int64_t oh = s_.oh(), ow = s_.ow();
  const auto origin = [&](int64_t row) { return (row / oh * h_ + row % oh * s_.stride_h) * w_; };
  pixels.clear();
  for (int64_t row = begin; row < end; ++row) {
    const int64_t x = (origin(row) - origin(begin)) * s_.c, dy = (row - begin) * ow * s_.oc;
    for (int64_t j = 0; j < ow; ++j) {
      Pixel p{static_cast<int32_t>(dy + j * s_.oc),
              static_cast<int32_t>(x + j * s_.stride_w * s_.c)};
      if (along_channels_) std::swap(p.left, p.right);
      pixels.push_back(p);
    }
  }
}

template <int kVectors, int... kRows>
void FewWeights::run_columns(const Columns& columns, const std::vector<Pixel>& pixels, int64_t tile,
                             const float* left, const float* right, float* sums,
                             std::integer_sequence<int, kRows...>) const {
  using RunTile = void (*)(const Columns&, const std::vector<Pixel>&, const int64_t*, const float*,
                           const float*, float*);
  static constexpr RunTile kWays[] = {run_tile<kRows + 1, kVectors>...};
  const int64_t begin = tile_begin(tile), rows = tile_begin(tile + 1) - begin;
  kWays[rows - 1](columns, pixels, rows_.data() + begin, left, right, sums);
}

template <int kRows, int kVectors>
HWY_NOINLINE void FewWeights::run_tile(const Columns& columns, const std::vector<Pixel>& pixels,
                                       const int64_t* rows, const float* left_begin,
                                       const float* right_begin, float* HWY_RESTRICT sums) {
  const F32 d;
  V32 tile[kRows][kVectors];
  const float *left[kRows], *right[kVectors];
  for (int i = 0; i < kRows; ++i) left[i] = left_begin + rows[i];
  for (int v = 0; v < kVectors; ++v) right[v] = right_begin + columns.offset[v];
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v) tile[i][v] = hn::Load(d, sums + (i * kVectors + v) * kLanes);
  }
  const Pixel* const end = pixels.data() + pixels.size();
  for (const Pixel* p = pixels.data(); p != end; ++p) {
    const int64_t at = p->right, row = p->left;
    V32 b[kVectors];
    for (int v = 0; v < kVectors; ++v) b[v] = hn::LoadU(d, right[v] + at);
    for (int i = 0; i < kRows; ++i) {
      const V32 a = hn::Set(d, left[i][row]);
      for (int v = 0; v < kVectors; ++v) tile[i][v] = hn::MulAdd(a, b[v], tile[i][v]);
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v) {
      hn::Store(tile[i][v], d, sums + (i * kVectors + v) * kLanes);
    }
  }
}

void FewWeights::write(int64_t tile, int64_t chunks, const float* sums) const {
  const F32 d;
  const int64_t first = tile_begin(tile), rows = tile_begin(tile + 1) - first;
  const int64_t depth = s_.kh * s_.kw * s_.group_c();
  for (int64_t c = 0; c < column_tiles(); ++c) {
    const Columns& columns = columns_[static_cast<size_t>(c)];
    const float* from = sums + (tile * column_tiles() + c) * kTileSize;
    for (int64_t i = 0; i < rows; ++i) {
      for (int v = 0; v < columns.vectors; ++v) {
        const float* at = from + (i * columns.vectors + v) * kLanes;
        V32 sum = hn::Load(d, at);
        for (int64_t k = 1; k < chunks; ++k) sum = hn::Add(sum, hn::Load(d, at + k * size()));
        if (along_channels_) {
          HWY_ALIGN float lanes[kLanes];
          hn::Store(sum, d, lanes);
          for (int l = 0; l < kLanes; ++l)
            dw_[(columns.weight[v] + l) * depth + first + i] = lanes[l];
        } else {
          part::store(d, sum, dw_ + (first + i) * depth + columns.weight[v], columns.count[v]);
        }
      }
    }
  }
}

}  // namespace
}  // namespace conv

void run_few_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw) {
  const int64_t padded = s.n * (s.h + 2 * s.pad_h) * (s.w + 2 * s.pad_w) * s.c;
  Scratch<float> images(padded + conv::kLanes, "conv2d");
  pad_images(s, x, s.c, images.data());
  std::fill_n(images.data() + padded, conv::kLanes, 0.0f);
  for (int64_t g = 0; g < s.groups; ++g) {
    conv::FewWeights(s, images.data() + g * s.group_c(), dy + g * s.group_oc(),
                     dw + g * s.group_oc() * s.kh * s.kw * s.group_c())
        .run();
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(run_few_weights);

void conv2d_weights_few(const Conv2dShape& s, const float* x, const float* dy, float* dw) {
  HWY_DYNAMIC_DISPATCH(run_few_weights)(s, x, dy, dw);
}

}  // namespace strata::kernels
#endif
