// The way back of convolutions without stride to images of few channels, which would not fill a
// vector: the vectors run along the pixels of a row. Gradients are copied to planes, one for each
// channel of the results, with the padding around.
#include <algorithm>
#include <type_traits>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/conv_planar.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/conv_tile-inl.h"
#include "strata/kernels/cpu/gemm_pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace conv {
namespace {

constexpr int kMostChannels = 7;
constexpr int64_t kPlaneFloats = 64 << 10;  // of a unit's planes, which stay in the second cache

// Rows of pixels down a tile, so that its sums leave registers for the channels' weights.
constexpr int planar_rows(int channels, int vectors) {
  return std::max(1, ((kManyRegisters ? 32 : 16) - channels - 1) / (channels * vectors));
}

// Some rows of an image's gradients as planes [channel][row][column]: row 0 is the first that
// reaches the first row of results.
struct Planes {
  const float* data;
  int64_t plane, row;  // steps in elements
};

class Planar {
 public:
  Planar(const Conv2dShape& s, const float* dy, const float* w, float* dx);
  void run() const;

 private:
  void copy_planes(int64_t image, int64_t first, float* planes) const;
  template <int kChannels>
  void run_rows(const Planes& planes, int64_t image, int64_t first) const;
  template <int kChannels, int kVectors>
  void run_tile(const Planes& planes, int64_t row, int64_t column, int64_t rows, float* to) const;

  const Conv2dShape& s_;
  const float *dy_, *w_;
  float* dx_;
  int64_t reach_h_, reach_w_;
  int64_t rows_;  // of results that a unit computes
  int64_t plane_rows_, plane_columns_;
};

Planar::Planar(const Conv2dShape& s, const float* dy, const float* w, float* dx)
    : s_(s),
      dy_(dy),
      w_(w),
      dx_(dx),
      reach_h_((s.kh - 1) * s.dilation_h),
      reach_w_((s.kw - 1) * s.dilation_w) {
  const int64_t tile = planar_rows(static_cast<int>(s.c), s.w <= kLanes ? 1 : 2);
  plane_columns_ = (s.w + kLanes - 1) / kLanes * kLanes + reach_w_;
  const int64_t fits = kPlaneFloats / (s.oc * plane_columns_) - reach_h_;
  const int64_t all = (s.h + tile - 1) / tile, most = std::clamp<int64_t>(fits / tile, 1, all);
  const int64_t blocks = (all + most - 1) / most;
  rows_ = (all + blocks - 1) / blocks * tile;
  plane_rows_ = rows_ + reach_h_;
}

// The gradients under rows [first, first + rows_) of the results; what is left and right of them is
// zero already.
void Planar::copy_planes(int64_t image, int64_t first, float* planes) const {
  const int64_t oh = s_.oh(), ow = s_.ow(), plane = plane_rows_ * plane_columns_;
  const int64_t left = reach_w_ - s_.pad_w, begin = std::max<int64_t>(0, -left);
  const int64_t end = std::min(ow, plane_columns_ - left);
  for (int64_t i = 0; i < plane_rows_; ++i) {
    const int64_t row = first + i + s_.pad_h - reach_h_;
    float* to = planes + i * plane_columns_;
    if (row < 0 || row >= oh) {
      for (int64_t o = 0; o < s_.oc; ++o) std::fill_n(to + o * plane, plane_columns_, 0.0f);
    } else {
      const float* from = dy_ + ((image * oh + row) * ow + begin) * s_.oc;
      pack_turned(from, s_.oc, end - begin, plane, s_.oc, to + left + begin);
    }
  }
}

// A tile of pixels from (row, column) on, `rows` of which are inside of the image; the planes begin
// with its first row.
template <int kChannels, int kVectors>
HWY_NOINLINE void Planar::run_tile(const Planes& planes, int64_t row, int64_t column, int64_t rows,
                                   float* to) const {
  constexpr int kRows = planar_rows(kChannels, kVectors);
  const F32 d;
  V32 sums[kRows][kChannels][kVectors];
  for (auto& channels : sums) {
    for (auto& channel : channels) {
      for (V32& v : channel) v = hn::Zero(d);
    }
  }
  // The rows of the window that bring some of the tile's rows a gradient.
  const int64_t top = row + s_.pad_h, dilation = s_.dilation_h;
  const int64_t first = top < s_.oh() ? 0 : (top - s_.oh()) / dilation + 1;
  const int64_t last = std::min(s_.kh, (top + kRows - 1) / dilation + 1);
  for (int64_t o = 0; o < s_.oc; ++o) {
    const float* w = w_ + (o * s_.kh + first) * s_.kw * kChannels;
    for (int64_t r = first; r < last; ++r) {
      const float* from = planes.data + o * planes.plane + (reach_h_ - r * dilation) * planes.row +
                          column + reach_w_;
      for (int64_t t = 0; t < s_.kw; ++t, from -= s_.dilation_w, w += kChannels) {
        V32 weights[kChannels];
        for (int c = 0; c < kChannels; ++c) weights[c] = hn::Set(d, w[c]);
        for (int i = 0; i < kRows; ++i) {
          for (int v = 0; v < kVectors; ++v) {
            const V32 x = hn::LoadU(d, from + i * planes.row + v * kLanes);
            for (int c = 0; c < kChannels; ++c) {
              sums[i][c][v] = hn::MulAdd(weights[c], x, sums[i][c][v]);
            }
          }
        }
      }
    }
  }
  HWY_ALIGN float lanes[kRows][kChannels][kVectors * kLanes];
  for (int i = 0; i < kRows; ++i) {
    for (int c = 0; c < kChannels; ++c) {
      for (int v = 0; v < kVectors; ++v) hn::Store(sums[i][c][v], d, lanes[i][c] + v * kLanes);
    }
  }
  const int64_t columns = std::min<int64_t>(kVectors * kLanes, s_.w - column);
  for (int64_t i = 0; i < std::min<int64_t>(rows, kRows); ++i, to += s_.w * kChannels) {
    for (int64_t j = 0; j < columns; ++j) {
      for (int c = 0; c < kChannels; ++c) to[j * kChannels + c] = lanes[i][c][j];
    }
  }
}

template <int kChannels>
void Planar::run_rows(const Planes& planes, int64_t image, int64_t first) const {
  const int64_t last = std::min(s_.h, first + rows_);
  const auto tiles = [&](auto vectors, int64_t column) HWY_ATTR {
    constexpr int kVectors = decltype(vectors)::value;
    constexpr int kRows = planar_rows(kChannels, kVectors);
    for (int64_t i = first; i < last; i += kRows) {
      const Planes part{planes.data + (i - first) * planes.row, planes.plane, planes.row};
      float* to = dx_ + ((image * s_.h + i) * s_.w + column) * kChannels;
      run_tile<kChannels, kVectors>(part, i, column, last - i, to);
    }
  };
  int64_t column = 0;
  for (; column + kLanes < s_.w; column += 2 * kLanes) {
    tiles(std::integral_constant<int, 2>(), column);
  }
  if (column < s_.w) tiles(std::integral_constant<int, 1>(), column);
}

void Planar::run() const {
  const int64_t blocks = (s_.h + rows_ - 1) / rows_, units = s_.n * blocks;
  const int64_t chunks = std::min<int64_t>(32, units);
  // A tile of the last rows may read some rows beyond them, whose sums are not stored.
  const int64_t size = s_.oc * plane_rows_ * plane_columns_;
  const int64_t beyond = planar_rows(1, 1) * plane_columns_;
  parallel_chunks(chunks, [&](int64_t chunk) {
    const Scratch<float> memory(size + beyond, "conv2d");
    std::fill_n(memory.data(), size + beyond, 0.0f);
    const Planes planes{memory.data(), plane_rows_ * plane_columns_, plane_columns_};
    for (int64_t u = chunk * units / chunks; u < (chunk + 1) * units / chunks; ++u) {
      const int64_t image = u / blocks, first = u % blocks * rows_;
      copy_planes(image, first, memory.data());
      switch (s_.c) {
        case 1: run_rows<1>(planes, image, first); break;
        case 2: run_rows<2>(planes, image, first); break;
        case 3: run_rows<3>(planes, image, first); break;
        case 4: run_rows<4>(planes, image, first); break;
        case 5: run_rows<5>(planes, image, first); break;
        case 6: run_rows<6>(planes, image, first); break;
        default: run_rows<kMostChannels>(planes, image, first);
      }
    }
  });
}

}  // namespace
}  // namespace conv

void run_planar_data(const Conv2dShape& s, const float* dy, const float* w, float* dx) {
  conv::Planar(s, dy, w, dx).run();
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(run_planar_data);

bool conv2d_has_planar_inputs(const Conv2dShape& s) {
  return s.groups == 1 && s.c < 8 && s.stride_h == 1 && s.stride_w == 1 && s.oc >= 4 && s.w >= 8 &&
         s.kh * s.kw > 1;
}

void conv2d_planar_data(const Conv2dShape& s, const float* dy, const float* w, float* dx) {
  HWY_DYNAMIC_DISPATCH(run_planar_data)(s, dy, w, dx);
}

}  // namespace strata::kernels
#endif
