// Gradients of convolution weights as sums of outer products over pixels: six or so output channels
// down a register tile, vectors of the window's row across it.
#include <algorithm>
#include <optional>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/conv_weights.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/conv_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace conv {
namespace {

// Sums that are kept once for each chunk of rows; more of them are shared out among the threads.
constexpr int64_t kFewSums = 96 * 1024;

// Vectors of one tile: where they start in the image, relative to the window's origin, and where
// their sums go in the weights of one output channel.
struct Columns {
  int64_t offset[kMaxVectors], weight[kMaxVectors], count[kMaxVectors];
  int vectors = 0;
  int64_t first_row = 0, last_row = 0;  // results whose tap lies inside of the image
  int64_t first_column = 0, last_column = 0;
};

// One row of results of one image.
struct PixelRow {
  const float* x;  // the window's origin of its first pixel
  const float* dy;
  int64_t i;
};

class Weights {
 public:
  Weights(const Conv2dShape& s, const float* x);
  void run(const float* dy, float* dw);

 private:
  static constexpr int kTileRows = rows_for(kMaxVectors);

  void copy_padded(const float* x);
  void add_columns(int64_t tap_row, int64_t tap_column, int64_t length, bool share_tile);
  void run_group();
  void run_rows(int64_t begin, int64_t end, int64_t first_tile, int64_t tiles, float* sums) const;
  void run_block(const std::vector<PixelRow>& rows, int64_t first_tile, int64_t tiles, bool first,
                 float* sums) const;
  template <int kVectors>
  void run_columns(const Columns& columns, const std::vector<PixelRow>& rows, int64_t tile,
                   bool first, float* sums) const;
  template <int kRows, int kVectors>
  void run_tile(const Columns& columns, const std::vector<PixelRow>& rows, int64_t oc, bool first,
                float* sums) const;
  void write(int64_t tile, int64_t chunks, int64_t chunk_size, const float* sums) const;

  int64_t tile_begin(int64_t tile) const { return tile * s_.group_oc() / tiles_; }
  int64_t column_tiles() const { return static_cast<int64_t>(columns_.size()); }
  static constexpr int64_t kTileSize = int64_t{kTileRows} * kMaxVectors * kLanes;

  const Conv2dShape s_;
  const float* x_;
  const float* dy_ = nullptr;
  float* dw_ = nullptr;
  int64_t h_, w_, pad_h_, pad_w_;
  std::optional<Scratch<float>> padded_;
  std::vector<Columns> columns_;
  int64_t tiles_;
};

Weights::Weights(const Conv2dShape& s, const float* x)
    : s_(s), x_(x), h_(s.h), w_(s.w), pad_h_(s.pad_h), pad_w_(s.pad_w) {
  tiles_ = (s.group_oc() + kTileRows - 1) / kTileRows;
  // Vectors that end inside of a pixel read beyond it; where the next pixel may not exist, the
  // images are copied, with their padding, so that all taps are inside.
  const bool copy = s.group_c() % kLanes != 0;
  if (copy) copy_padded(x);
  const bool rows_are_runs = copy && s.groups == 1 && s.dilation_w == 1;
  for (int64_t r = 0; r < s.kh; ++r) {
    for (int64_t t = 0; t < (rows_are_runs ? 1 : s.kw); ++t) {
      add_columns(r, t, rows_are_runs ? s.kw * s.c : s.group_c(), copy);
    }
  }
}

void Weights::copy_padded(const float* x) {
  h_ = s_.h + 2 * s_.pad_h, w_ = s_.w + 2 * s_.pad_w;
  const int64_t size = s_.n * h_ * w_ * s_.c;
  padded_.emplace(size + kLanes, "conv2d");
  pad_images(s_, x, padded_->data());
  std::fill_n(padded_->data() + size, kLanes, 0.0f);
  x_ = padded_->data();
  pad_h_ = pad_w_ = 0;
}

// Cuts `length` channels from the tap on into vectors.
void Weights::add_columns(int64_t tap_row, int64_t tap_column, int64_t length, bool share_tile) {
  const int64_t row = tap_row * s_.dilation_h - pad_h_;
  const int64_t column = tap_column * s_.dilation_w - pad_w_;
  const auto first = [](int64_t at, int64_t stride) {
    return at >= 0 ? 0 : (-at + stride - 1) / stride;
  };
  const auto last = [](int64_t at, int64_t size, int64_t out, int64_t stride) {
    return size - 1 - at < 0 ? 0 : std::min(out, (size - 1 - at) / stride + 1);
  };
  for (int64_t at = 0; at < length; at += kLanes) {
    const bool open = !columns_.empty() && columns_.back().vectors < kMaxVectors;
    if (!open || (at == 0 && !share_tile)) {
      Columns c;
      c.first_row = first(row, s_.stride_h), c.last_row = last(row, h_, s_.oh(), s_.stride_h);
      c.first_column = first(column, s_.stride_w);
      c.last_column = last(column, w_, s_.ow(), s_.stride_w);
      columns_.push_back(c);
    }
    Columns& c = columns_.back();
    c.offset[c.vectors] = (row * w_ + column) * s_.c + at;
    c.weight[c.vectors] = (tap_row * s_.kw + tap_column) * s_.group_c() + at;
    c.count[c.vectors] = std::min<int64_t>(kLanes, length - at);
    ++c.vectors;
  }
}

void Weights::run(const float* dy, float* dw) {
  const float* x = x_;
  for (int64_t g = 0; g < s_.groups; ++g) {
    x_ = x + g * s_.group_c();
    dy_ = dy + g * s_.group_oc();
    dw_ = dw + g * s_.group_oc() * s_.kh * s_.kw * s_.group_c();
    run_group();
  }
}

void Weights::run_group() {
  const int64_t tile_size = column_tiles() * kTileSize, size = tiles_ * tile_size;
  const int64_t rows = s_.n * s_.oh();
  if (size <= kFewSums) {  // chunks of rows, summed in order
    const int64_t chunks = std::min<int64_t>(16, rows);
    Scratch<float> sums(chunks * size, "conv2d");
    parallel_chunks(chunks, [&](int64_t c) {
      run_rows(c * rows / chunks, (c + 1) * rows / chunks, 0, tiles_, &sums[c * size]);
    });
    parallel_for(tiles_, 4, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) write(t, chunks, size, sums.data());
    });
    return;
  }
  const int64_t per_unit = std::clamp<int64_t>(tiles_ / 8, 1, 4);
  parallel_chunks((tiles_ + per_unit - 1) / per_unit, [&](int64_t u) {
    const int64_t first = u * per_unit, count = std::min(per_unit, tiles_ - first);
    Scratch<float> sums(count * tile_size, "conv2d");
    run_rows(0, rows, first, count, sums.data());
    for (int64_t t = 0; t < count; ++t) write(first + t, 1, 0, sums.data() - first * tile_size);
  });
}

void Weights::run_rows(int64_t begin, int64_t end, int64_t first_tile, int64_t tiles,
                       float* sums) const {
  const int64_t oh = s_.oh(), ow = s_.ow();
  const int64_t block = std::max<int64_t>(1, 256 / ow);  // rows whose part of x stays in L1
  std::vector<PixelRow> rows;
  for (int64_t at = begin; at < end; at += block) {
    rows.clear();
    for (int64_t row = at; row < std::min(end, at + block); ++row) {
      const int64_t n = row / oh, i = row % oh;
      rows.push_back({x_ + (n * h_ + i * s_.stride_h) * w_ * s_.c, dy_ + row * ow * s_.oc, i});
    }
    run_block(rows, first_tile, tiles, at == begin, sums);
  }
}

void Weights::run_block(const std::vector<PixelRow>& rows, int64_t first_tile, int64_t tiles,
                        bool first, float* sums) const {
  for (int64_t c = 0; c < column_tiles(); ++c) {
    const Columns& columns = columns_[static_cast<size_t>(c)];
    for (int64_t t = 0; t < tiles; ++t) {
      float* at = sums + (t * column_tiles() + c) * kTileSize;
      switch (columns.vectors) {
        case 1: run_columns<1>(columns, rows, first_tile + t, first, at); break;
        case 2: run_columns<2>(columns, rows, first_tile + t, first, at); break;
        case 3:
          if constexpr (kMaxVectors >= 3) run_columns<3>(columns, rows, first_tile + t, first, at);
          break;
        default:
          if constexpr (kMaxVectors >= 4) run_columns<4>(columns, rows, first_tile + t, first, at);
      }
    }
  }
}

template <int kVectors>
void Weights::run_columns(const Columns& columns, const std::vector<PixelRow>& rows, int64_t tile,
                          bool first, float* sums) const {
  const int64_t oc = tile_begin(tile);
  switch (tile_begin(tile + 1) - oc) {
    case 1: return run_tile<1, kVectors>(columns, rows, oc, first, sums);
    case 2: return run_tile<2, kVectors>(columns, rows, oc, first, sums);
    case 3: return run_tile<3, kVectors>(columns, rows, oc, first, sums);
    case 4: return run_tile<4, kVectors>(columns, rows, oc, first, sums);
    case 5: return run_tile<5, kVectors>(columns, rows, oc, first, sums);
    default: return run_tile<6, kVectors>(columns, rows, oc, first, sums);
  }
}

template <int kRows, int kVectors>
HWY_NOINLINE void Weights::run_tile(const Columns& columns, const std::vector<PixelRow>& rows,
                                    int64_t oc, bool first, float* sums) const {
  static_assert(kTileRows == 6);
  const F32 d;
  Sums<kRows, kVectors> tile;
  if (first) {
    tile.zero();
  } else {
    for (int i = 0; i < kRows; ++i) {
      for (int v = 0; v < kVectors; ++v) {
        tile.at[i][v] = hn::Load(d, sums + (i * kMaxVectors + v) * kLanes);
      }
    }
  }
  const int64_t step = s_.stride_w * s_.c;
  const int64_t begin = columns.first_column, steps = columns.last_column - begin;
  for (const PixelRow& row : rows) {
    if (row.i < columns.first_row || row.i >= columns.last_row) continue;
    const float* right[kVectors];
    for (int v = 0; v < kVectors; ++v) right[v] = row.x + columns.offset[v];
    add_steps<kRows, kVectors>(row.dy + begin * s_.oc + oc, s_.oc, right, begin * step, step, steps,
                               tile);
  }
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v) {
      hn::Store(tile.at[i][v], d, sums + (i * kMaxVectors + v) * kLanes);
    }
  }
}

// Adds the chunks' sums in their order and puts them where the weights lie.
void Weights::write(int64_t tile, int64_t chunks, int64_t chunk_size, const float* sums) const {
  const F32 d;
  const int64_t oc = tile_begin(tile), rows = tile_begin(tile + 1) - oc;
  const int64_t depth = s_.kh * s_.kw * s_.group_c();
  for (int64_t c = 0; c < column_tiles(); ++c) {
    const Columns& columns = columns_[static_cast<size_t>(c)];
    const float* from = sums + (tile * column_tiles() + c) * kTileSize;
    for (int64_t i = 0; i < rows; ++i) {
      for (int v = 0; v < columns.vectors; ++v) {
        const float* at = from + (i * kMaxVectors + v) * kLanes;
        V32 sum = hn::Load(d, at);
        for (int64_t k = 1; k < chunks; ++k) sum = hn::Add(sum, hn::Load(d, at + k * chunk_size));
        float* to = dw_ + (oc + i) * depth + columns.weight[v];
        part::store(d, sum, to, columns.count[v]);
      }
    }
  }
}

}  // namespace
}  // namespace conv

void run_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw) {
  conv::Weights(s, x).run(dy, dw);
}

// Sums of each channel over the pixels, in chunks whose number follows the shape.
void run_bias(int64_t pixels, int64_t channels, const float* dy, float* dbias) {
  const conv::F32 d;
  constexpr int64_t kLanes = conv::kLanes;
  const int64_t chunks = std::clamp<int64_t>(pixels * channels / 16384, 1, 32);
  const int64_t width = (channels + kLanes - 1) / kLanes * kLanes;
  Scratch<float> sums(chunks * width, "conv2d");
  parallel_chunks(chunks, [&](int64_t k) {
    float* sum = &sums[k * width];
    std::fill_n(sum, width, 0.0f);
    const int64_t begin = pixels * k / chunks, end = pixels * (k + 1) / chunks;
    for (int64_t p = begin; p < end; ++p) {
      const float* row = dy + p * channels;
      int64_t c = 0;
      for (; c + kLanes <= channels; c += kLanes) {
        conv::hn::Store(conv::hn::Add(conv::hn::Load(d, sum + c), conv::hn::LoadU(d, row + c)), d,
                        sum + c);
      }
      for (; c < channels; ++c) sum[c] += row[c];
    }
  });
  for (int64_t c = 0; c < channels; ++c) {
    float sum = 0;
    for (int64_t k = 0; k < chunks; ++k) sum += sums[k * width + c];
    dbias[c] = sum;
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(run_weights);
HWY_EXPORT(run_bias);

void conv2d_weights_gather(const Conv2dShape& s, const float* x, const float* dy, float* dw) {
  HWY_DYNAMIC_DISPATCH(run_weights)(s, x, dy, dw);
}

void channel_sums(int64_t pixels, int64_t channels, const float* dy, float* dbias) {
  HWY_DYNAMIC_DISPATCH(run_bias)(pixels, channels, dy, dbias);
}

}  // namespace strata::kernels
#endif
