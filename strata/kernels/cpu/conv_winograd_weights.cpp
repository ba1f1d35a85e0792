// Gradients of 3 x 3 weights by Winograd's way: tiles of the images and of the results' gradients
// are transformed to 36 frequencies, multiplied at each and summed over the tiles, and the sums
// transformed back to weights.
#include <algorithm>
#include <utility>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_winograd.h"
#include "strata/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/conv_winograd_weights.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/conv_winograd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace conv {
namespace {

constexpr int64_t kPanel = int64_t{kMaxVectors} * kLanes;
constexpr int64_t kGap = 16;              // so that frequencies do not share few sets of the cache
constexpr int64_t kTransforms = 3 << 20;  // elements that stay in the shared cache
constexpr int64_t kPanelsInUnit = 4;      // of channels, beside one panel of results

// The transforms of some tiles: at each frequency [panel of channels][tile][channels of the panel].
struct Transforms {
  int64_t channels, vectors, tiles;
  float* data;

  Transforms(int64_t c, int64_t t) : channels(c), vectors(whole_vectors(c)), tiles(t) {}
  int64_t step() const { return vectors * kLanes * tiles + kGap; }
  int64_t size() const { return kFrequencies * step(); }
  int64_t panels() const { return (vectors + kMaxVectors - 1) / kMaxVectors; }
  int64_t panel_vectors(int64_t panel) const {
    return std::min<int64_t>(kMaxVectors, vectors - panel * kMaxVectors);
  }
  float* panel(int64_t frequency, int64_t panel) const {
    return data + frequency * step() + panel * kPanel * tiles;
  }
  // All channels of a square of pixels.
  template <int64_t kSize>
  void transform(const float* const* at, int64_t tile) const {
    for (int64_t c = 0; c < channels; c += kLanes) {
      const int64_t p = c / kPanel;
      float* to = panel(0, p) + tile * panel_vectors(p) * kLanes + c % kPanel;
      if (c + kLanes <= channels) {
        transform_square<kSize, false>(at, c, kLanes, to, step());
      } else {
        transform_square<kSize, true>(at, c, channels - c, to, step());
      }
    }
  }
};

// sums[i][..] (+)= sum over tiles of dy[tile][i] x[tile][..], for kRows rows of a panel.
template <int kRows, int kVectors>
HWY_NOINLINE void add_products(const float* HWY_RESTRICT dy, int64_t dy_width,
                               const float* HWY_RESTRICT x, int64_t tiles, bool first, float* sums,
                               int64_t width) {
  const F32 d;
  Sums<kRows, kVectors> s;
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v) {
      s.at[i][v] = first ? hn::Zero(d) : hn::Load(d, sums + i * width + v * kLanes);
    }
  }
  for (int64_t t = 0; t < tiles; ++t) {
    V32 b[kVectors];
    for (int v = 0; v < kVectors; ++v) b[v] = hn::Load(d, x + v * kLanes);
    for (int i = 0; i < kRows; ++i) {
      const V32 a = hn::Set(d, dy[i]);
      for (int v = 0; v < kVectors; ++v) s.at[i][v] = hn::MulAdd(a, b[v], s.at[i][v]);
    }
    x += kVectors * kLanes;
    dy += dy_width;
  }
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v) hn::Store(s.at[i][v], d, sums + i * width + v * kLanes);
  }
}

using AddProducts = void (*)(const float*, int64_t, const float*, int64_t, bool, float*, int64_t);

template <int kVectors, int... kRows>
void add_panel(const float* dy, int64_t rows, const float* x, int64_t tiles, bool first,
               float* sums, int64_t width, std::integer_sequence<int, kRows...>) {
  static constexpr AddProducts kWays[] = {add_products<kRows + 1, kVectors>...};
  constexpr int64_t kMost = rows_for(kVectors);
  for (int64_t i = 0; i < rows; i += kMost) {
    kWays[std::min(kMost, rows - i) - 1](dy + i, rows, x, tiles, first, sums + i * width, width);
  }
}

// All rows of a panel of dy times a panel of x.
void add_panel(const float* dy, int64_t rows, const float* x, int64_t vectors, int64_t tiles,
               bool first, float* sums, int64_t width) {
  if constexpr (kMaxVectors >= 4) {
    if (vectors == 4) {
      return add_panel<4>(dy, rows, x, tiles, first, sums, width,
                          std::make_integer_sequence<int, rows_for(4)>());
    }
    if (vectors == 3) {
      return add_panel<3>(dy, rows, x, tiles, first, sums, width,
                          std::make_integer_sequence<int, rows_for(3)>());
    }
  }
  if (vectors == 2) {
    return add_panel<2>(dy, rows, x, tiles, first, sums, width,
                        std::make_integer_sequence<int, rows_for(2)>());
  }
  add_panel<1>(dy, rows, x, tiles, first, sums, width,
               std::make_integer_sequence<int, rows_for(1)>());
}

class WinogradWeights {
 public:
  WinogradWeights(const Conv2dShape& s, const float* x, const float* dy, float* dw)
      : s_(s),
        x_{const_cast<float*>(x), s.h, s.w, s.c},
        dy_{const_cast<float*>(dy), s.oh(), s.ow(), s.oc},
        dw_(dw),
        grid_(s.n, s.oh(), s.ow()),
        zeros_(whole_vectors(std::max(s.c, s.oc)) * kLanes, "conv2d") {
    std::fill_n(zeros_.data(), whole_vectors(std::max(s.c, s.oc)) * kLanes, 0.0f);
  }
  bool run() const;

 private:
  void transform(int64_t tile, int64_t to, const Transforms& x, const Transforms& dy) const;
  // A panel of results beside some panels of channels.
  struct Unit {
    int64_t panel, begin, end;
    int64_t rows, width;  // results and channels, with those that fill up vectors
  };
  Unit unit_at(const Transforms& x, const Transforms& dy, int64_t u) const;
  static void multiply(const Transforms& x, const Transforms& dy, const Unit& unit,
                       int64_t first_frequency, int64_t last_frequency, bool first, float* sums);
  bool write(const Unit& unit, int64_t first_row, int64_t last_row, const float* sums) const;

  const Conv2dShape& s_;
  Images x_, dy_;
  float* dw_;
  TileGrid grid_;
  Scratch<float> zeros_;
};

void WinogradWeights::transform(int64_t tile, int64_t to, const Transforms& x,
                                const Transforms& dy) const {
  const int64_t image = grid_.image(tile), row = grid_.row(tile), column = grid_.column(tile);
  const float* at[kFrequencies];
  x_.square<kTileIn>(image, row - s_.pad_h, column - s_.pad_w, zeros_.data(), at);
  x.transform<kTileIn>(at, to);
  dy_.square<kTileOut>(image, row, column, zeros_.data(), at);
  dy.transform<kTileOut>(at, to);
}

WinogradWeights::Unit WinogradWeights::unit_at(const Transforms& x, const Transforms& dy,
                                               int64_t u) const {
  const int64_t groups = (x.panels() + kPanelsInUnit - 1) / kPanelsInUnit;
  Unit unit;
  unit.panel = u / groups;
  unit.begin = u % groups * kPanelsInUnit;
  unit.end = std::min(x.panels(), unit.begin + kPanelsInUnit);
  unit.rows = dy.panel_vectors(unit.panel) * kLanes;
  unit.width = std::min(unit.end * kPanel, x.vectors * kLanes) - unit.begin * kPanel;
  return unit;
}

// Some frequencies of a unit: sums [frequency][row][channel].
void WinogradWeights::multiply(const Transforms& x, const Transforms& dy, const Unit& unit,
                               int64_t first_frequency, int64_t last_frequency, bool first,
                               float* sums) {
  for (int64_t f = first_frequency; f < last_frequency; ++f) {
    for (int64_t p = unit.begin; p < unit.end; ++p) {
      add_panel(dy.panel(f, unit.panel), unit.rows, x.panel(f, p), x.panel_vectors(p), x.tiles,
                first, sums + f * unit.rows * unit.width + (p - unit.begin) * kPanel, unit.width);
    }
  }
}

// The gradients of some rows of a unit; whether all are finite.
bool WinogradWeights::write(const Unit& unit, int64_t first_row, int64_t last_row,
                            const float* sums) const {
  const F32 d;
  const int64_t first = unit.begin * kPanel;
  V32 zeros = hn::Zero(d);  // a NaN where some gradient is not finite
  for (int64_t i = first_row; i < std::min(last_row, s_.oc - unit.panel * kPanel); ++i) {
    float* to = dw_ + (unit.panel * kPanel + i) * 9 * s_.c + first;
    for (int64_t c = 0; c < std::min(unit.width, s_.c - first); c += kLanes) {
      V32 all[kFrequencies], half[3 * kTileIn], gradients[3];
      for (int64_t f = 0; f < kFrequencies; ++f) {
        all[f] = hn::Load(d, sums + (f * unit.rows + i) * unit.width + c);
      }
      for (int64_t j = 0; j < kTileIn; ++j) {
        weight_gradient_transform(all + j, kTileIn, half + j, kTileIn);
      }
      for (int64_t r = 0; r < 3; ++r) {
        weight_gradient_transform(half + r * kTileIn, 1, gradients, 1);
        for (int64_t t = 0; t < 3; ++t) {
          zeros = hn::MulAdd(gradients[t], hn::Zero(d), zeros);
          part::store(d, gradients[t], to + (r * 3 + t) * s_.c + c, s_.c - first - c);
        }
      }
    }
  }
  return hn::AllTrue(d, hn::Eq(zeros, hn::Zero(d)));
}

// Blocks of tiles whose transforms stay in the shared cache; in each, a task for some channels of
// both sides, which adds to its own sums. Where these are few, a task does some frequencies of
// them.
bool WinogradWeights::run() const {
  constexpr int64_t kEnoughUnits = 16, kParts = 12, kRows = 8;
  const int64_t tiles = grid_.size(), channels = s_.c + s_.oc;
  const int64_t most = std::max<int64_t>(48, kTransforms / (kFrequencies * channels));
  const int64_t blocks = (tiles + most - 1) / most, size = (tiles + blocks - 1) / blocks;
  Transforms x(s_.c, size), dy(s_.oc, size);
  const Scratch<float> memory(x.size() + dy.size(), "conv2d");
  x.data = memory.data(), dy.data = memory.data() + x.size();
  const int64_t units = dy.panels() * ((x.panels() + kPanelsInUnit - 1) / kPanelsInUnit);
  const int64_t parts = units >= kEnoughUnits ? 1 : kParts, frequencies = kFrequencies / parts;
  const int64_t unit_size = kFrequencies * kPanel * kPanel * std::min(kPanelsInUnit, x.panels());
  const bool keeps = blocks > 1 || parts > 1;
  const Scratch<float> sums(keeps ? units * unit_size : 0, "conv2d");
  const int64_t slices = keeps ? (kPanel + kRows - 1) / kRows : 1;
  std::vector<unsigned char> finite(static_cast<size_t>(units * slices));
  for (int64_t b = 0; b < blocks; ++b) {
    const int64_t from = b * tiles / blocks;
    x.tiles = dy.tiles = (b + 1) * tiles / blocks - from;
    parallel_for(x.tiles, std::max<int64_t>(1, 1024 / channels), [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) transform(from + t, t, x, dy);
    });
    parallel_chunks(units * parts, [&](int64_t i) {
      const int64_t u = i / parts, f = i % parts * frequencies;
      const Unit unit = unit_at(x, dy, u);
      const Scratch<float> own(keeps ? 0 : unit_size, "conv2d");
      float* to = keeps ? sums.data() + u * unit_size : own.data();
      multiply(x, dy, unit, f, f + frequencies, b == 0, to);
      if (!keeps) finite[static_cast<size_t>(u)] = write(unit, 0, unit.rows, to);
    });
  }
  if (keeps) {
    parallel_chunks(units * slices, [&](int64_t i) {
      const int64_t u = i / slices, row = i % slices * kRows;
      finite[static_cast<size_t>(i)] =
          write(unit_at(x, dy, u), row, row + kRows, sums.data() + u * unit_size);
    });
  }
  return std::all_of(finite.begin(), finite.end(), [](unsigned char f) { return f != 0; });
}

}  // namespace
}  // namespace conv

bool run_winograd_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw) {
  return conv::WinogradWeights(s, x, dy, dw).run();
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(run_winograd_weights);

bool conv2d_winograd_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw) {
  return HWY_DYNAMIC_DISPATCH(run_winograd_weights)(s, x, dy, dw);
}

}  // namespace strata::kernels
#endif
