#include "strata/kernels/cpu/conv_gather.h"

#include <algorithm>

#include "strata/base/parallel.h"
#include "strata/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/conv_gather.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/conv_tile-inl.h"
#include "strata/kernels/cpu/gemm_pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace conv {
namespace {

// Taps that follow each other in the source and in the packed weights are read as one run: from
// `offset` in the source and row `weight` of the panel on.
struct Run {
  int64_t offset, length, weight;
};

// Results of an image up to which a tile is the same pixel of several images: then all its rows
// have the same taps on the padding, and those are left out.
constexpr int64_t kSmallImage = 1024;

class Gather {
 public:
  explicit Gather(const GatherConv& g);
  void run();

 private:
  struct Tile {
    const float* source[16];
    float* result[16];
    int64_t row[16], column[16];  // of the window's origin in the source
    int rows = 0;
    bool inside = true;              // no tap falls outside of the source
    const Run* first_run = nullptr;  // where inside: the runs to add
    const Run* last_run = nullptr;
  };
  // A unit of parallel work: some images, some of their pixels, some panels.
  struct Unit {
    int64_t image, images, pixel, pixels, panel, panels;
  };

  bool padding_outweighs_rows() const;
  void add_run_of(size_t tap, bool first);
  void find_pixel_runs();
  int64_t panel_vectors(int64_t panel) const {
    return std::min<int64_t>(kMaxVectors, vectors_ - panel * kMaxVectors);
  }
  int64_t panel_begin(int64_t panel) const { return panel * kMaxVectors * kLanes * depth_; }
  void pack_panel(int64_t panel);
  void run_unit(const Unit& u) const;
  template <int kVectors>
  void run_panel(const Unit& u, int64_t panel) const;
  void add_row(Tile& tile, int64_t panel, int64_t image, int64_t i, int64_t j) const;
  template <int kVectors>
  void run_tile(const Tile& tile, int64_t panel) const;
  template <int kRows, int kVectors>
  void run_tile_of(const Tile& tile, int64_t panel) const;
  template <int kRows, int kVectors>
  void run_border_tile(const Tile& tile, int64_t panel) const;
  template <int kRows, int kVectors>
  void finish(const Tile& tile, int64_t panel, const Sums<kRows, kVectors>& sums) const;
  template <int kRows, int kVectors>
  void add_border(const Tile& tile, const float* weights, Sums<kRows, kVectors>& sums) const;

  const GatherConv& g_;
  int64_t vectors_, panels_, depth_;
  std::vector<Run> runs_;
  int64_t inside_top_, inside_bottom_, inside_left_, inside_right_;
  std::vector<size_t> pixel_runs_;  // where the runs of each result begin
  bool across_images_;  // a tile is the same pixel of several images: no tap on padding is computed
  Scratch<float> packed_;
  Scratch<float> zeros_;
  Scratch<float> bias_;  // zeros where there is none
};

Gather::Gather(const GatherConv& g)
    : g_(g),
      vectors_((g.out_channels + kLanes - 1) / kLanes),
      panels_((vectors_ + kMaxVectors - 1) / kMaxVectors),
      depth_(static_cast<int64_t>(g.taps.size()) * g.channels),
      packed_(vectors_ * kLanes * depth_, "conv2d"),
      zeros_(g.channels, "conv2d"),
      bias_(vectors_ * kLanes, "conv2d") {
  std::fill_n(zeros_.data(), g.channels, 0.0f);
  std::fill_n(bias_.data(), vectors_ * kLanes, 0.0f);
  if (g.bias) std::copy_n(g.bias, g.out_channels, bias_.data());
  int64_t top = 0, bottom = 0, left = 0, right = 0;
  for (size_t t = 0; t < g.taps.size(); ++t) {
    const ConvTap& tap = g.taps[t];
    top = t == 0 ? tap.row : std::min(top, tap.row);
    bottom = t == 0 ? tap.row : std::max(bottom, tap.row);
    left = t == 0 ? tap.column : std::min(left, tap.column);
    right = t == 0 ? tap.column : std::max(right, tap.column);
  }
  inside_top_ = -top, inside_bottom_ = g.source_h - bottom;
  inside_left_ = -left, inside_right_ = g.source_w - right;
  across_images_ = g.result_h * g.result_w <= kSmallImage && padding_outweighs_rows();
  if (across_images_) {
    find_pixel_runs();
  } else {
    for (size_t t = 0; t < g.taps.size(); ++t) add_run_of(t, t == 0);
  }
}

// Whether leaving out the taps on the padding gains more than tiles of images lose that are not
// full.
bool Gather::padding_outweighs_rows() const {
  const auto inside = [](int64_t count, int64_t step, int64_t offset, int64_t size) {
    int64_t found = 0;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t at = i * step + offset;
      found += at >= 0 && at < size ? 1 : 0;
    }
    return found;
  };
  int64_t taps = 0;
  for (const ConvTap& tap : g_.taps) {
    taps += inside(g_.result_h, g_.step_h, tap.row, g_.source_h) *
            inside(g_.result_w, g_.step_w, tap.column, g_.source_w);
  }
  const int64_t all = static_cast<int64_t>(g_.taps.size()) * g_.result_h * g_.result_w;
  const int64_t rows = rows_for(static_cast<int>(std::min<int64_t>(vectors_, kMaxVectors)));
  const int64_t room = (g_.images + rows - 1) / rows * rows;
  return taps < all && taps * room < all * g_.images;
}

// Adds a tap to the last run if it follows it, or begins a new one.
void Gather::add_run_of(size_t tap, bool first) {
  const int64_t offset = (g_.taps[tap].row * g_.source_w + g_.taps[tap].column) * g_.source_pixel;
  const int64_t weight = static_cast<int64_t>(tap) * g_.channels;
  if (!first) {
    Run& last = runs_.back();
    if (offset == last.offset + last.length && weight == last.weight + last.length) {
      last.length += g_.channels;
      return;
    }
  }
  runs_.push_back({offset, g_.channels, weight});
}

// The taps that reach each result: the same in all images.
void Gather::find_pixel_runs() {
  for (int64_t i = 0; i < g_.result_h; ++i) {
    for (int64_t j = 0; j < g_.result_w; ++j) {
      pixel_runs_.push_back(runs_.size());
      for (size_t t = 0; t < g_.taps.size(); ++t) {
        const int64_t row = i * g_.step_h + g_.taps[t].row;
        const int64_t column = j * g_.step_w + g_.taps[t].column;
        if (row < 0 || row >= g_.source_h || column < 0 || column >= g_.source_w) continue;
        add_run_of(t, runs_.size() == pixel_runs_.back());
      }
    }
  }
  pixel_runs_.push_back(runs_.size());
}

void Gather::pack_panel(int64_t panel) {
  const int64_t width = panel_vectors(panel) * kLanes, first = panel * kMaxVectors * kLanes;
  const int64_t used = std::min(width, g_.out_channels - first);
  float* to = packed_.data() + panel_begin(panel);
  for (const ConvTap& tap : g_.taps) {
    const float* from = g_.weights + tap.weight * g_.weight_tap + first * g_.weight_out;
    if (g_.weight_out == 1) {
      for (int64_t c = 0; c < g_.channels; ++c, to += width) {
        const float* row = from + c * g_.weight_channel;
        std::copy_n(row, used, to);
        std::fill(to + used, to + width, 0.0f);
      }
      continue;
    }
    if (used < width) std::fill_n(to, g_.channels * width, 0.0f);
    pack_turned(from, g_.weight_out, used, width, g_.channels, to);
    to += g_.channels * width;
  }
}

void Gather::run() {
  parallel_for(panels_, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) pack_panel(p);
  });
  const int64_t rows = rows_for(static_cast<int>(std::min<int64_t>(vectors_, kMaxVectors)));
  const int64_t pixels = g_.result_h * g_.result_w;
  // About 200 pixels read their part of the source from L2 for each panel of weights: a part of an
  // image, or several images.
  const int64_t few = across_images_ ? std::max<int64_t>(64, 4 * g_.result_w) : 32 * rows;
  const int64_t group = across_images_ ? rows : std::max<int64_t>(1, few / pixels);
  const int64_t groups = (g_.images + group - 1) / group;
  const int64_t parts = std::max<int64_t>(1, (pixels + few / 2) / few);
  const int64_t block = ((pixels + parts - 1) / parts + rows - 1) / rows * rows;
  const int64_t blocks = (pixels + block - 1) / block;
  const int64_t splits = std::clamp<int64_t>(16 / std::max<int64_t>(groups * blocks, 1), 1,
                                             std::max<int64_t>(panels_, 1));
  parallel_chunks(groups * blocks * splits, [&](int64_t i) {
    const int64_t split = i % splits, b = i / splits % blocks, n = i / splits / blocks;
    Unit u;
    u.image = n * g_.images / groups, u.images = (n + 1) * g_.images / groups - u.image;
    u.pixel = b * block, u.pixels = std::min(block, pixels - u.pixel);
    u.panel = split * panels_ / splits, u.panels = (split + 1) * panels_ / splits - u.panel;
    run_unit(u);
  });
}

void Gather::run_unit(const Unit& u) const {
  for (int64_t p = u.panel; p < u.panel + u.panels; ++p) {
    switch (panel_vectors(p)) {
      case 1: run_panel<1>(u, p); break;
      case 2: run_panel<2>(u, p); break;
      case 3:
        if constexpr (kMaxVectors >= 3) run_panel<3>(u, p);
        break;
      default:
        if constexpr (kMaxVectors >= 4) run_panel<4>(u, p);
    }
  }
}

void Gather::add_row(Tile& tile, int64_t panel, int64_t image, int64_t i, int64_t j) const {
  const int64_t row = i * g_.step_h, column = j * g_.step_w;
  const int at = tile.rows++;
  tile.row[at] = row;
  tile.column[at] = column;
  tile.source[at] =
      g_.source + ((image * g_.source_h + row) * g_.source_w + column) * g_.source_pixel;
  tile.result[at] = g_.result + image * g_.result_image + i * g_.result_row + j * g_.result_pixel;
  hwy::Prefetch(tile.result[at] + panel * kMaxVectors * kLanes);  // it is there when the sums are
  tile.inside = tile.inside && row >= inside_top_ && row < inside_bottom_ &&
                column >= inside_left_ && column < inside_right_;
}

template <int kVectors>
void Gather::run_panel(const Unit& u, int64_t panel) const {
  constexpr int64_t kRows = rows_for(kVectors);
  const int64_t w = g_.result_w;
  if (across_images_) {
    for (int64_t p = u.pixel; p < u.pixel + u.pixels; ++p) {
      for (int64_t n = 0; n < u.images; n += kRows) {
        Tile tile;
        for (int64_t m = n; m < std::min(u.images, n + kRows); ++m) {
          add_row(tile, panel, u.image + m, p / w, p % w);
        }
        tile.inside = true;
        tile.first_run = runs_.data() + pixel_runs_[static_cast<size_t>(p)];
        tile.last_run = runs_.data() + pixel_runs_[static_cast<size_t>(p) + 1];
        run_tile<kVectors>(tile, panel);
      }
    }
    return;
  }
  const int64_t all = u.images * u.pixels;  // of one image after the other
  int64_t image = u.image, p = u.pixel, i = p / w, j = p % w;
  for (int64_t at = 0; at < all; at += kRows) {
    Tile tile;
    for (int64_t m = at; m < std::min(all, at + kRows); ++m) {
      add_row(tile, panel, image, i, j);
      if (++j == w) j = 0, ++i;
      if (++p == u.pixel + u.pixels) ++image, p = u.pixel, i = p / w, j = p % w;
    }
    tile.first_run = runs_.data();
    tile.last_run = runs_.data() + runs_.size();
    run_tile<kVectors>(tile, panel);
  }
}

template <int kVectors>
void Gather::run_tile(const Tile& tile, int64_t panel) const {
  constexpr int kRows = rows_for(kVectors);
  switch (tile.rows) {
    case 1: return run_tile_of<1, kVectors>(tile, panel);
    case 2: return run_tile_of<2, kVectors>(tile, panel);
    case 3: return run_tile_of<3, kVectors>(tile, panel);
    case 4: return run_tile_of<4, kVectors>(tile, panel);
    case 5: return run_tile_of<5, kVectors>(tile, panel);
    case 6: return run_tile_of<6, kVectors>(tile, panel);
    default: break;
  }
  if constexpr (kRows >= 8) {
    if (tile.rows == 7) return run_tile_of<7, kVectors>(tile, panel);
    if (tile.rows == 8) return run_tile_of<8, kVectors>(tile, panel);
  }
  if constexpr (kRows >= 12) {
    if (tile.rows == 9) return run_tile_of<9, kVectors>(tile, panel);
    if (tile.rows == 10) return run_tile_of<10, kVectors>(tile, panel);
    if (tile.rows == 11) return run_tile_of<11, kVectors>(tile, panel);
    return run_tile_of<12, kVectors>(tile, panel);
  }
}

template <int kRows, int kVectors>
HWY_NOINLINE void Gather::run_tile_of(const Tile& tile, int64_t panel) const {
  if (!tile.inside) return run_border_tile<kRows, kVectors>(tile, panel);
  Sums<kRows, kVectors> sums;
  sums.zero();
  const float* weights = packed_.data() + panel_begin(panel);
  for (const Run* run = tile.first_run; run != tile.last_run; ++run) {
    add_run<kRows, kVectors>(tile.source, run->offset, run->length,
                             weights + run->weight * kVectors * kLanes, sums);
  }
  finish(tile, panel, sums);
}

template <int kRows, int kVectors>
HWY_NOINLINE void Gather::run_border_tile(const Tile& tile, int64_t panel) const {
  Sums<kRows, kVectors> sums;
  sums.zero();
  add_border<kRows, kVectors>(tile, packed_.data() + panel_begin(panel), sums);
  finish(tile, panel, sums);
}

template <int kRows, int kVectors>
HWY_INLINE void Gather::finish(const Tile& tile, int64_t panel,
                               const Sums<kRows, kVectors>& sums) const {
  const F32 d;
  const int64_t first = panel * kMaxVectors * kLanes;
  for (int v = 0; v < kVectors; ++v) {
    const int64_t at = first + v * kLanes, count = std::min<int64_t>(kLanes, g_.out_channels - at);
    const V32 bias = hn::Load(d, bias_.data() + at);
    for (int i = 0; i < kRows; ++i) {
      V32 sum = hn::Add(sums.at[i][v], bias);
      if (g_.relu) sum = hn::IfThenZeroElse(hn::Lt(sum, hn::Zero(d)), sum);  // a NaN stays one
      part::store(d, sum, tile.result[i] + at, count);
    }
  }
}

template <int kRows, int kVectors>
HWY_INLINE void Gather::add_border(const Tile& tile, const float* weights,
                                   Sums<kRows, kVectors>& sums) const {
  for (const ConvTap& tap : g_.taps) {
    const int64_t offset = (tap.row * g_.source_w + tap.column) * g_.source_pixel;
    const float* rows[kRows];
    bool any = false;
    for (int i = 0; i < kRows; ++i) {
      const bool inside =
          static_cast<uint64_t>(tile.row[i] + tap.row) < static_cast<uint64_t>(g_.source_h) &&
          static_cast<uint64_t>(tile.column[i] + tap.column) < static_cast<uint64_t>(g_.source_w);
      rows[i] = inside ? tile.source[i] + offset : zeros_.data();
      any = any || inside;
    }
    if (any) add_run<kRows, kVectors>(rows, 0, g_.channels, weights, sums);
    weights += g_.channels * kVectors * kLanes;
  }
}

}  // namespace
}  // namespace conv

void run_gather(const GatherConv& g) { conv::Gather(g).run(); }

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(run_gather);

void gather_conv(const GatherConv& g) {
  if (g.images > 0) HWY_DYNAMIC_DISPATCH(run_gather)(g);
}

}  // namespace strata::kernels
#endif
