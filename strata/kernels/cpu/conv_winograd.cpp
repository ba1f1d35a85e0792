// 3 x 3 convolutions by Winograd's way: tiles of the image and the weights are transformed to 36
// frequencies, each of which is a matrix product over the channels, and the products back to tiles
// of results. The way back to the input is the same with turned weights.
#include "strata/kernels/cpu/conv_winograd.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/conv_winograd.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/conv_winograd-inl.h"
#include "strata/kernels/cpu/gemm_pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace conv {
namespace {

constexpr int64_t kPanel = int64_t{kMaxVectors} * kLanes;
// Between frequencies, so that their places do not share few sets of the cache.
constexpr int64_t kGap = 16;

// One frequency of some tiles times a panel of weights.
struct Factors {
  const float* tiles;
  int64_t tile_step, channels;
  const float* weights;
  float* products;  // added to unless `first`
  int64_t product_step;
  bool first;
};

template <int kRows, int kVectors>
HWY_NOINLINE void multiply_tiles(const Factors& f, int64_t tile) {
  const F32 d;
  float* products = f.products + tile * f.product_step;
  Sums<kRows, kVectors> sums;
  sums.zero();
  const float* rows[kRows];
  for (int i = 0; i < kRows; ++i) rows[i] = f.tiles + (tile + i) * f.tile_step;
  add_run<kRows, kVectors>(rows, 0, f.channels, f.weights, sums);
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v) {
      float* to = products + i * f.product_step + v * kLanes;
      hn::Store(f.first ? sums.at[i][v] : hn::Add(hn::Load(d, to), sums.at[i][v]), d, to);
    }
  }
}

using MultiplyTiles = void (*)(const Factors&, int64_t);

template <int kVectors, int... kRows>
void multiply_panel(const Factors& f, int64_t tiles, std::integer_sequence<int, kRows...>) {
  static constexpr MultiplyTiles kWays[] = {multiply_tiles<kRows + 1, kVectors>...};
  constexpr int64_t kMost = rows_for(kVectors);
  for (int64_t t = 0; t < tiles; t += kMost) kWays[std::min(kMost, tiles - t) - 1](f, t);
}

template <int kVectors>
void multiply_panel(const Factors& f, int64_t tiles) {
  multiply_panel<kVectors>(f, tiles, std::make_integer_sequence<int, rows_for(kVectors)>());
}

void multiply_panel(const Factors& f, int64_t vectors, int64_t tiles) {
  if constexpr (kMaxVectors >= 4) {
    if (vectors == 4) return multiply_panel<4>(f, tiles);
    if (vectors == 3) return multiply_panel<3>(f, tiles);
  }
  vectors == 2 ? multiply_panel<2>(f, tiles) : multiply_panel<1>(f, tiles);
}

// One vector of results of a tile, from its 36 products `step` elements apart: places of the tile
// outside of the image are not written. Returns whether all are finite.
HWY_NOINLINE bool transform_back(const float* HWY_RESTRICT products, int64_t step, V32 bias,
                                 bool relu, float* const* to, int64_t c, int64_t count) {
  const F32 d;
  V32 all[kFrequencies], half[kTileOut * kTileIn], results[kTileOut];
  for (int64_t k = 0; k < kFrequencies; ++k) all[k] = hn::Load(d, products + k * step);
  for (int64_t j = 0; j < kTileIn; ++j) result_transform(all + j, kTileIn, half + j, kTileIn);
  V32 zeros = hn::Zero(d);  // a NaN where some result is not finite
  for (int64_t i = 0; i < kTileOut; ++i) {
    result_transform(half + i * kTileIn, 1, results, 1);
    for (int64_t j = 0; j < kTileOut; ++j) {
      float* const place = to[i * kTileOut + j];
      if (place == nullptr) continue;
      V32 y = hn::Add(results[j], bias);
      zeros = hn::MulAdd(y, hn::Zero(d), zeros);
      if (relu) y = hn::Max(y, hn::Zero(d));
      part::store(d, y, place + c, count);
    }
  }
  return hn::AllTrue(d, hn::Eq(zeros, hn::Zero(d)));
}

class Winograd {
 public:
  /// Weights are [out, 3, 3, channels of the source] or, turned, [channels of the source, 3, 3,
  /// out].
  Winograd(const Images& source, const Images& result, int64_t images, int64_t pad_h, int64_t pad_w,
           const float* weights, bool turned);
  void set_bias(const float* bias, bool relu);
  bool run() const;

 private:
  // Some tiles and where their transforms are.
  struct Block {
    int64_t first, tiles;
    float* source;
    int64_t source_step;  // from one frequency to the next
  };
  // The transformed weights from some channels to some panels of results, or their products with a
  // block: from one frequency to the next it is `step`.
  struct Part {
    float* data;
    int64_t step;
  };

  int64_t panel_vectors(int64_t panel) const {
    return std::min<int64_t>(kMaxVectors, out_vectors_ - panel * kMaxVectors);
  }
  int64_t panels_width(int64_t begin, int64_t end) const {
    return std::min(end * kPanel, out_width_) - begin * kPanel;
  }
  Block block(int64_t first, int64_t tiles, float* memory) const {
    return {first, tiles, memory, tiles * source_width_ + kGap};
  }
  void pack_panel(int64_t panel, int64_t begin, int64_t end, const Part& to) const;
  void transform_source(const Block& b, int64_t begin, int64_t end) const;
  bool transform_results(const Block& b, int64_t first, int64_t width, const Part& products) const;
  bool run_blocks() const;
  bool run_panels() const;
  bool run_panel(const Block& b, int64_t panel) const;

  Images source_, result_;
  TileGrid grid_;
  int64_t pad_h_, pad_w_;
  const float* w_;
  bool turned_, relu_ = false;
  int64_t source_width_, out_vectors_, out_width_, panels_;
  Scratch<float> bias_, zeros_;
};

Winograd::Winograd(const Images& source, const Images& result, int64_t images, int64_t pad_h,
                   int64_t pad_w, const float* weights, bool turned)
    : source_(source),
      result_(result),
      grid_(images, result.h, result.w),
      pad_h_(pad_h),
      pad_w_(pad_w),
      w_(weights),
      turned_(turned),
      source_width_(whole_vectors(source.channels) * kLanes),
      out_vectors_(whole_vectors(result.channels)),
      out_width_(out_vectors_ * kLanes),
      panels_((out_vectors_ + kMaxVectors - 1) / kMaxVectors),
      bias_(out_width_, "conv2d"),
      zeros_(source_width_, "conv2d") {
  std::fill_n(zeros_.data(), source_width_, 0.0f);
  std::fill_n(bias_.data(), out_width_, 0.0f);
}

void Winograd::set_bias(const float* bias, bool relu) {
  if (bias) std::copy_n(bias, result_.channels, bias_.data());
  relu_ = relu;
}

// The weights from channels [begin, end) of the source, a row of the panel for each.
void Winograd::pack_panel(int64_t panel, int64_t begin, int64_t end, const Part& to) const {
  constexpr int64_t kChannels = 16;  // a line of the cache
  const F32 d;
  const int64_t channels = source_.channels, out = result_.channels;
  const int64_t vectors = panel_vectors(panel), width = vectors * kLanes;
  HWY_ALIGN float lanes[kChannels * 9 * kPanel];
  if (!turned_ && out - panel * kPanel < width) std::fill(std::begin(lanes), std::end(lanes), 0.0f);
  for (int64_t at = begin; at < end; at += kChannels) {
    const int64_t last = std::min(end, at + kChannels);
    if (!turned_) {  // channels side by side become results side by side
      const int64_t first = panel * kPanel, lanes_used = std::min(width, out - first);
      for (int64_t tap = 0; tap < 9; ++tap) {
        pack_turned(w_ + (first * 9 + tap) * channels + at, 9 * channels, lanes_used, 9 * kPanel,
                    last - at, lanes + tap * kPanel);
      }
    }
    for (int64_t c = at; c < last; ++c) {
      for (int64_t v = 0; v < vectors; ++v) {
        V32 taps[9], half[3 * kTileIn], all[kTileIn];
        const int64_t first = panel * kPanel + v * kLanes;
        for (int64_t tap = 0; tap < 9; ++tap) {
          taps[tap] = turned_ ? part::load(d, w_ + (c * 9 + 8 - tap) * out + first, out - first)
                              : hn::Load(d, lanes + ((c - at) * 9 + tap) * kPanel + v * kLanes);
        }
        for (int64_t j = 0; j < 3; ++j) weight_transform(taps + j, 3, half + j, 3);
        for (int64_t i = 0; i < kTileIn; ++i) {
          weight_transform(half + i * 3, 1, all, 1);
          float* row = to.data + i * kTileIn * to.step + (c - begin) * width + v * kLanes;
          for (int64_t j = 0; j < kTileIn; ++j) hn::Store(all[j], d, row + j * to.step);
        }
      }
    }
  }
}

// Tiles [begin, end) of the block.
void Winograd::transform_source(const Block& b, int64_t begin, int64_t end) const {
  const int64_t channels = source_.channels, whole = channels / kLanes * kLanes;
  for (int64_t t = begin; t < end; ++t) {
    const int64_t tile = b.first + t;
    const float* at[kFrequencies];
    source_.square<kTileIn>(grid_.image(tile), grid_.row(tile) - pad_h_,
                            grid_.column(tile) - pad_w_, zeros_.data(), at);
    float* to = b.source + t * source_width_;
    for (int64_t c = 0; c < whole; c += kLanes) {
      transform_square<kTileIn, false>(at, c, kLanes, to + c, b.source_step);
    }
    if (whole < channels) {
      transform_square<kTileIn, true>(at, whole, channels - whole, to + whole, b.source_step);
    }
  }
}

// Channels [first, first + width) of the results of a block; whether all are finite.
bool Winograd::transform_results(const Block& b, int64_t first, int64_t width,
                                 const Part& products) const {
  const F32 d;
  bool finite = true;
  for (int64_t t = 0; t < b.tiles; ++t) {
    const int64_t tile = b.first + t, row = grid_.row(tile), column = grid_.column(tile);
    float* to[kTileOut * kTileOut];
    for (int64_t i = 0; i < kTileOut; ++i) {
      for (int64_t j = 0; j < kTileOut; ++j) {
        const bool inside = row + i < result_.h && column + j < result_.w;
        const int64_t pixel = (grid_.image(tile) * result_.h + row + i) * result_.w + column + j;
        to[i * kTileOut + j] = inside ? result_.data + pixel * result_.channels : nullptr;
      }
    }
    for (int64_t c = 0; c < std::min(width, result_.channels - first); c += kLanes) {
      finite &= transform_back(products.data + t * width + c, products.step,
                               hn::Load(d, bias_.data() + first + c), relu_, to, first + c,
                               std::min<int64_t>(kLanes, result_.channels - first - c));
    }
  }
  return finite;
}

// All weights are transformed first; then each block of tiles is a task of its own, whose
// transforms stay in L2.
bool Winograd::run_blocks() const {
  const int64_t channels = source_.channels, tiles = grid_.size();
  const Scratch<float> memory(kFrequencies * (out_width_ * channels + kGap), "conv2d");
  const Part weights{memory.data(), out_width_ * channels + kGap};
  constexpr int64_t kChannels = 64;
  const int64_t parts = (channels + kChannels - 1) / kChannels;
  parallel_chunks(panels_ * parts, [&](int64_t i) {
    const int64_t panel = i / parts, begin = i % parts * kChannels;
    float* to = weights.data + panel * kPanel * channels + begin * panel_vectors(panel) * kLanes;
    pack_panel(panel, begin, std::min(channels, begin + kChannels), {to, weights.step});
  });
  const int64_t most = source_width_ + out_width_ <= 256 ? 24 : 48;
  const int64_t blocks = std::max<int64_t>(8, (tiles + most - 1) / most);
  std::vector<unsigned char> finite(static_cast<size_t>(blocks));
  parallel_chunks(blocks, [&](int64_t i) {
    const int64_t first = i * tiles / blocks, count = (i + 1) * tiles / blocks - first;
    const Scratch<float> source(kFrequencies * (count * source_width_ + kGap), "conv2d");
    const Block b = block(first, count, source.data());
    transform_source(b, 0, count);
    const Scratch<float> results(kFrequencies * (count * out_width_ + kGap), "conv2d");
    const Part products{results.data(), count * out_width_ + kGap};
    for (int64_t f = 0; f < kFrequencies; ++f) {
      for (int64_t p = 0; p < panels_; ++p) {
        multiply_panel({b.source + f * b.source_step, source_width_, channels,
                        weights.data + f * weights.step + p * kPanel * channels,
                        products.data + f * products.step + p * kPanel, out_width_, true},
                       panel_vectors(p), count);
      }
    }
    finite[static_cast<size_t>(i)] = transform_results(b, 0, out_width_, products);
  });
  return std::all_of(finite.begin(), finite.end(), [](unsigned char f) { return f != 0; });
}

// With few tiles the weights are what is large: all tiles are transformed first, and each panel of
// weights is transformed where it is used, part by part in L2.
bool Winograd::run_panels() const {
  constexpr int64_t kParts = 16;
  const int64_t tiles = grid_.size();
  const Scratch<float> source(kFrequencies * (tiles * source_width_ + kGap), "conv2d");
  const Block b = block(0, tiles, source.data());
  parallel_chunks(kParts, [&](int64_t i) {
    transform_source(b, i * tiles / kParts, (i + 1) * tiles / kParts);
  });
  std::vector<unsigned char> finite(static_cast<size_t>(panels_));
  parallel_chunks(panels_, [&](int64_t p) { finite[static_cast<size_t>(p)] = run_panel(b, p); });
  return std::all_of(finite.begin(), finite.end(), [](unsigned char f) { return f != 0; });
}

bool Winograd::run_panel(const Block& b, int64_t panel) const {
  constexpr int64_t kChannels = 128;
  const int64_t channels = source_.channels, vectors = panel_vectors(panel);
  const int64_t width = vectors * kLanes;
  const Part weights{nullptr, std::min(channels, kChannels) * width + kGap};
  const Part products{nullptr, b.tiles * width + kGap};
  const Scratch<float> w(kFrequencies * weights.step, "conv2d");
  const Scratch<float> results(kFrequencies * products.step, "conv2d");
  for (int64_t c = 0; c < channels; c += kChannels) {
    const int64_t count = std::min(kChannels, channels - c);
    pack_panel(panel, c, c + count, {w.data(), weights.step});
    for (int64_t f = 0; f < kFrequencies; ++f) {
      multiply_panel(
          {b.source + f * b.source_step + c, source_width_, count, w.data() + f * weights.step,
           results.data() + f * products.step, width, c == 0},
          vectors, b.tiles);
    }
  }
  return transform_results(b, panel * kPanel, width, {results.data(), products.step});
}

bool Winograd::run() const { return grid_.size() <= 160 ? run_panels() : run_blocks(); }

}  // namespace
}  // namespace conv

bool run_winograd(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                  bool relu, float* y) {
  conv::Winograd way({const_cast<float*>(x), s.h, s.w, s.c}, {y, s.oh(), s.ow(), s.oc}, s.n,
                     s.pad_h, s.pad_w, w, false);
  way.set_bias(bias, relu);
  return way.run();
}

bool run_winograd_data(const Conv2dShape& s, const float* dy, const float* w, float* dx) {
  conv::Winograd way({const_cast<float*>(dy), s.oh(), s.ow(), s.oc}, {dx, s.h, s.w, s.c}, s.n,
                     2 - s.pad_h, 2 - s.pad_w, w, true);
  return way.run();
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(run_winograd);
HWY_EXPORT(run_winograd_data);

bool winograd_fits(const Conv2dShape& s) {
  const int64_t rows = (s.oh() + 3) / 4, columns = (s.ow() + 3) / 4;
  return s.kh == 3 && s.kw == 3 && s.stride_h == 1 && s.stride_w == 1 && s.dilation_h == 1 &&
         s.dilation_w == 1 && s.groups == 1 && s.c >= 16 && s.oc >= 16 &&
         s.n * rows * columns >= 12 && 2 * s.oh() * s.ow() >= 16 * rows * columns;
}

bool conv2d_winograd(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                     bool relu, float* y) {
  return HWY_DYNAMIC_DISPATCH(run_winograd)(s, x, w, bias, relu, y);
}

bool conv2d_winograd_data(const Conv2dShape& s, const float* dy, const float* w, float* dx) {
  return HWY_DYNAMIC_DISPATCH(run_winograd_data)(s, dy, w, dx);
}

}  // namespace strata::kernels
#endif
