// Gradients of convolution weights where there are channels enough for whole vectors. Blocks of
// pixels are packed first: strides between pixels are often powers of two, which fill few sets of
// the cache. For each tap a list says which pixels meet, so that padding costs nothing.
#include <algorithm>
#include <cstring>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/conv_weights_packed.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/conv_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace conv {
namespace {

constexpr int kPackedRows = 6;  // output channels down a tile
constexpr int64_t kPackedWidth = int64_t{kMaxVectors} * kLanes;
constexpr int64_t kPackedTile = kPackedRows * kPackedWidth;
constexpr int64_t kBlockPixels = 256;  // whose part of x stays in L1
// Sums that are kept once for each chunk of blocks, all or half of them in the second cache, of
// which processors with AVX-512 have more.
constexpr int64_t kFewSums = (kManyRegisters ? 320 : 160) * 1024;
constexpr int64_t kMostGroups = kManyRegisters ? 2 : 1;

// A result and the input it meets at some tap, as pixels of the packed block.
struct Meeting {
  int32_t result, input;
};

// Results of some images, or some rows of one image.
struct Block {
  int64_t image, images, row, rows;
};

// Packed pixels of a block, reused from block to block.
struct Packed {
  std::vector<std::vector<Meeting>> meetings;  // by tap
  int64_t results = 0, inputs = 0;
  int64_t first_input = 0;  // among the pixels of x
  float* dy = nullptr;      // [tile][result][kPackedRows]
  float* x = nullptr;       // [input][vectors * kLanes] of some channels
};

class PackedWeights {
 public:
  PackedWeights(const Conv2dShape& s, const float* x, const float* dy, float* dw);
  void run();

 private:
  int64_t channel_blocks() const { return (s_.group_c() + kPackedWidth - 1) / kPackedWidth; }
  int64_t vectors_of(int64_t block) const {
    return (std::min(kPackedWidth, s_.group_c() - block * kPackedWidth) + kLanes - 1) / kLanes;
  }
  int64_t tile_begin(int64_t tile) const { return tile * s_.group_oc() / tiles_; }
  int64_t tile_size() const { return taps_ * channel_blocks() * kPackedTile; }
  Block block_at(int64_t b) const;
  int64_t input_rows() const;

  void run_blocks(int64_t begin, int64_t end, int64_t first_tile, int64_t tiles, float* sums) const;
  void find_meetings(const Block& b, Packed& p) const;
  void pack_dy(const Block& b, int64_t first_tile, int64_t tiles, const Packed& p) const;
  void pack_x(int64_t block, const Packed& p) const;
  template <int kVectors>
  static void run_tile(const Meeting* from, const Meeting* to, const float* dy, const float* x,
                       bool first, float* sums);
  void write(int64_t tile, int64_t chunks, int64_t chunk_size, const float* sums) const;

  const Conv2dShape& s_;
  const float *x_, *dy_;
  float* dw_;
  int64_t taps_, tiles_;
  int64_t images_per_block_, rows_per_block_, blocks_;
};

PackedWeights::PackedWeights(const Conv2dShape& s, const float* x, const float* dy, float* dw)
    : s_(s), x_(x), dy_(dy), dw_(dw), taps_(s.kh * s.kw) {
  tiles_ = (s.group_oc() + kPackedRows - 1) / kPackedRows;
  const int64_t oh = s.oh(), pixels = oh * s.ow();
  if (2 * pixels <= kBlockPixels + kBlockPixels / 2) {
    images_per_block_ = std::max<int64_t>(1, kBlockPixels / pixels), rows_per_block_ = oh;
    blocks_ = (s.n + images_per_block_ - 1) / images_per_block_;
  } else {
    images_per_block_ = 1, rows_per_block_ = std::clamp<int64_t>(kBlockPixels / s.ow(), 1, oh);
    blocks_ = s.n * ((oh + rows_per_block_ - 1) / rows_per_block_);
  }
}

Block PackedWeights::block_at(int64_t b) const {
  const int64_t oh = s_.oh();
  if (rows_per_block_ == oh) {
    const int64_t image = b * images_per_block_;
    return {image, std::min(images_per_block_, s_.n - image), 0, oh};
  }
  const int64_t per_image = (oh + rows_per_block_ - 1) / rows_per_block_;
  const int64_t row = b % per_image * rows_per_block_;
  return {b / per_image, 1, row, std::min(rows_per_block_, oh - row)};
}

// Rows of x that the results of a block can reach.
int64_t PackedWeights::input_rows() const {
  if (rows_per_block_ == s_.oh()) return s_.h;
  return std::min(s_.h, (rows_per_block_ - 1) * s_.stride_h + (s_.kh - 1) * s_.dilation_h + 1);
}

void PackedWeights::run() {
  const int64_t size = tiles_ * tile_size();
  const int64_t groups = (size + kFewSums - 1) / kFewSums;  // of tiles
  if (groups <= kMostGroups && blocks_ >= 8) {  // few weights: chunks of blocks, summed in order
    const int64_t chunks = std::min<int64_t>(size <= kFewSums / 2 ? 16 : 8, blocks_);
    Scratch<float> sums(chunks * size, "conv2d");
    parallel_chunks(chunks * groups, [&](int64_t i) {
      const int64_t c = i / groups, g = i % groups;
      const int64_t first = g * tiles_ / groups, last = (g + 1) * tiles_ / groups;
      run_blocks(c * blocks_ / chunks, (c + 1) * blocks_ / chunks, first, last - first,
                 &sums[c * size + first * tile_size()]);
    });
    parallel_for(tiles_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) write(t, chunks, size, sums.data());
    });
    return;
  }
  const int64_t per_unit = std::max((tiles_ + 15) / 16, std::min<int64_t>(3, (tiles_ + 7) / 8));
  parallel_chunks((tiles_ + per_unit - 1) / per_unit, [&](int64_t u) {
    const int64_t first = u * per_unit, count = std::min(per_unit, tiles_ - first);
    Scratch<float> sums(count * tile_size(), "conv2d");
    run_blocks(0, blocks_, first, count, sums.data());
    for (int64_t t = 0; t < count; ++t) write(first + t, 1, 0, sums.data() - first * tile_size());
  });
}

void PackedWeights::run_blocks(int64_t begin, int64_t end, int64_t first_tile, int64_t tiles,
                               float* sums) const {
  const int64_t most_results = images_per_block_ * rows_per_block_ * s_.ow();
  Scratch<float> dy(tiles * most_results * kPackedRows, "conv2d");
  Scratch<float> x(images_per_block_ * input_rows() * s_.w * kPackedWidth, "conv2d");
  Packed p;
  p.meetings.resize(static_cast<size_t>(taps_));
  p.dy = dy.data(), p.x = x.data();
  for (int64_t b = begin; b < end; ++b) {
    const Block block = block_at(b);
    find_meetings(block, p);
    pack_dy(block, first_tile, tiles, p);
    for (int64_t c = 0; c < channel_blocks(); ++c) {
      pack_x(c, p);
      for (int64_t k = 0; k < taps_; ++k) {
        const std::vector<Meeting>& list = p.meetings[static_cast<size_t>(k)];
        const Meeting *from = list.data(), *to = from + list.size();
        for (int64_t t = 0; t < tiles; ++t) {
          float* at = sums + ((t * taps_ + k) * channel_blocks() + c) * kPackedTile;
          const float* left = p.dy + t * p.results * kPackedRows;
          const bool first = b == begin;
          switch (vectors_of(c)) {
            case 1: run_tile<1>(from, to, left, p.x, first, at); break;
            case 2: run_tile<2>(from, to, left, p.x, first, at); break;
            case 3:
              if constexpr (kMaxVectors >= 3) {
                run_tile<3>(from, to, left, p.x, first, at);
              }
              break;
            default:
              if constexpr (kMaxVectors >= 4) {
                run_tile<4>(from, to, left, p.x, first, at);
              }
          }
        }
      }
    }
  }
}

void PackedWeights::find_meetings(const Block& b, Packed& p) const {
  const int64_t ow = s_.ow();
  const int64_t top = std::max<int64_t>(0, b.row * s_.stride_h - s_.pad_h);
  const int64_t bottom = std::min(
      s_.h, (b.row + b.rows - 1) * s_.stride_h - s_.pad_h + (s_.kh - 1) * s_.dilation_h + 1);
  const int64_t rows = b.images > 1 ? s_.h : std::max<int64_t>(0, bottom - top);
  const int64_t first_row = b.images > 1 ? 0 : top;
  p.results = b.images * b.rows * ow;
  p.inputs = b.images * rows * s_.w;
  p.first_input = (b.image * s_.h + first_row) * s_.w;
  for (int64_t k = 0; k < taps_; ++k) {
    std::vector<Meeting>& list = p.meetings[static_cast<size_t>(k)];
    list.clear();
    const int64_t row_offset = k / s_.kw * s_.dilation_h - s_.pad_h;
    const int64_t column_offset = k % s_.kw * s_.dilation_w - s_.pad_w;
    for (int64_t n = 0; n < b.images; ++n) {
      for (int64_t i = 0; i < b.rows; ++i) {
        const int64_t row = (b.row + i) * s_.stride_h + row_offset;
        if (row < 0 || row >= s_.h) continue;
        for (int64_t j = 0; j < ow; ++j) {
          const int64_t column = j * s_.stride_w + column_offset;
          if (column < 0 || column >= s_.w) continue;
          list.push_back({static_cast<int32_t>((n * b.rows + i) * ow + j),
                          static_cast<int32_t>((n * rows + row - first_row) * s_.w + column)});
        }
      }
    }
  }
}

void PackedWeights::pack_dy(const Block& b, int64_t first_tile, int64_t tiles,
                            const Packed& p) const {
  const float* from = dy_ + (b.image * s_.oh() + b.row) * s_.ow() * s_.oc;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t begin = tile_begin(first_tile + t), size = tile_begin(first_tile + t + 1) - begin;
    float* to = p.dy + t * p.results * kPackedRows;
    for (int64_t q = 0; q < p.results; ++q) {
      const float* row = from + q * s_.oc + begin;
      if (size == kPackedRows) {
        std::memcpy(to + q * kPackedRows, row, sizeof(float) * kPackedRows);
        continue;
      }
      for (int64_t i = 0; i < kPackedRows; ++i) to[q * kPackedRows + i] = i < size ? row[i] : 0.0f;
    }
  }
}

void PackedWeights::pack_x(int64_t block, const Packed& p) const {
  const F32 d;
  const int64_t vectors = vectors_of(block), first = block * kPackedWidth;
  const int64_t count = std::min(kPackedWidth, s_.group_c() - first);
  const float* from = x_ + p.first_input * s_.c + first;
  float* to = p.x;
  for (int64_t q = 0; q < p.inputs; ++q, from += s_.c, to += vectors * kLanes) {
    for (int64_t v = 0; v < vectors; ++v) {
      hn::Store(part::load(d, from + v * kLanes, count - v * kLanes), d, to + v * kLanes);
    }
  }
}

// Tiles of fewer channels than kPackedRows compute rows of zeros that nobody reads.
template <int kVectors>
HWY_NOINLINE void PackedWeights::run_tile(const Meeting* from, const Meeting* to,
                                          const float* HWY_RESTRICT dy, const float* HWY_RESTRICT x,
                                          bool first, float* sums) {
  const F32 d;
  V32 tile[kPackedRows][kVectors];
  for (int i = 0; i < kPackedRows; ++i) {
    for (int v = 0; v < kVectors; ++v) {
      tile[i][v] = first ? hn::Zero(d) : hn::Load(d, sums + (i * kVectors + v) * kLanes);
    }
  }
  for (; from != to; ++from) {
    const float* left = dy + int64_t{from->result} * kPackedRows;
    const float* right = x + int64_t{from->input} * (kVectors * kLanes);
    V32 b[kVectors];
    for (int v = 0; v < kVectors; ++v) b[v] = hn::Load(d, right + v * kLanes);
    for (int i = 0; i < kPackedRows; ++i) {
      const V32 a = hn::Set(d, left[i]);
      for (int v = 0; v < kVectors; ++v) tile[i][v] = hn::MulAdd(a, b[v], tile[i][v]);
    }
  }
  for (int i = 0; i < kPackedRows; ++i) {
    for (int v = 0; v < kVectors; ++v) {
      hn::Store(tile[i][v], d, sums + (i * kVectors + v) * kLanes);
    }
  }
}

// Adds the chunks' sums in their order and puts them where the weights lie.
void PackedWeights::write(int64_t tile, int64_t chunks, int64_t chunk_size,
                          const float* sums) const {
  const F32 d;
  const int64_t begin = tile_begin(tile), rows = tile_begin(tile + 1) - begin;
  for (int64_t k = 0; k < taps_; ++k) {
    for (int64_t c = 0; c < channel_blocks(); ++c) {
      const float* from = sums + tile * tile_size() + (k * channel_blocks() + c) * kPackedTile;
      const int64_t vectors = vectors_of(c), first = c * kPackedWidth;
      for (int64_t i = 0; i < rows; ++i) {
        float* to = dw_ + ((begin + i) * taps_ + k) * s_.group_c() + first;
        for (int64_t v = 0; v < vectors; ++v) {
          const float* at = from + (i * vectors + v) * kLanes;
          V32 sum = hn::Load(d, at);
          for (int64_t n = 1; n < chunks; ++n) sum = hn::Add(sum, hn::Load(d, at + n * chunk_size));
          part::store(d, sum, to + v * kLanes, s_.group_c() - first - v * kLanes);
        }
      }
    }
  }
}

}  // namespace
}  // namespace conv

void run_packed_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw) {
  for (int64_t g = 0; g < s.groups; ++g) {
    conv::PackedWeights(s, x + g * s.group_c(), dy + g * s.group_oc(),
                        dw + g * s.group_oc() * s.kh * s.kw * s.group_c())
        .run();
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(run_packed_weights);

void conv2d_weights_packed(const Conv2dShape& s, const float* x, const float* dy, float* dw) {
  HWY_DYNAMIC_DISPATCH(run_packed_weights)(s, x, dy, dw);
}

}  // namespace strata::kernels
#endif
