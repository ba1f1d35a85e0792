// Images of one channel whose pixels are repeated for each channel of the results, so that a
// convolution to few channels is one filter for each channel and its vectors run over pixels and
// channels as they lie. Included once for each instruction set.
// clang-format off
#if defined(STRATA_KERNELS_CPU_CONV_SPREAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_CONV_SPREAD_INL_H_
#undef STRATA_KERNELS_CPU_CONV_SPREAD_INL_H_
#else
#define STRATA_KERNELS_CPU_CONV_SPREAD_INL_H_
#endif
// clang-format on

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <type_traits>
#include <vector>

#include "strata/kernels/conv.h"
#include "strata/kernels/cpu/conv_tile-inl.h"
#include "strata/kernels/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE::conv {

// Whether a layer is one that these kernels are made for: channels would leave lanes empty.
inline bool spread_fits(const Conv2dShape& s) {
  const int64_t lanes = (s.oc + kLanes - 1) / kLanes * kLanes;
  return s.groups == 1 && s.c == 1 && s.stride_h == 1 && s.stride_w == 1 && s.dilation_h == 1 &&
         s.dilation_w == 1 && (s.kh == 3 || s.kh == 5 || s.kh == 7) && 5 * s.oc < 4 * lanes &&
         s.oh() >= 4 && s.ow() * s.oc >= kLanes;
}

// f(std::integral_constant) of the rows of the window, one of those that fit.
template <class F>
void for_window_rows(int64_t rows, F&& f) {
  if (rows == 3) return f(std::integral_constant<int, 3>());
  if (rows == 5) return f(std::integral_constant<int, 5>());
  f(std::integral_constant<int, 7>());
}

// A vector holds (pixel, channel) pairs in the order of the results. Vectors whose first lane is
// the same channel are of one phase: the weights of their lanes are the same.
class Spread {
 public:
  // Blocks of rows of about `block` floats stay in the cache that they are made for.
  Spread(const Conv2dShape& s, int64_t block);

  int64_t phases() const { return phases_; }
  int64_t vectors() const { return vectors_; }              // of a row of results
  int64_t row() const { return row_; }                      // elements of a row of copies
  int64_t blocks() const { return s_.n * image_blocks(); }  // of rows of results
  // Working memory of a thread: the copies under a block of rows, and the image's rows with their
  // padding.
  int64_t size() const { return copy_rows() * (row_ + line_); }

  // Copies what each block of one of `chunks` chunks sees of its image, and calls f(first of its
  // rows of all results, how many) behind it.
  template <class F>
  void for_blocks(const float* x, int64_t chunk, int64_t chunks, float* copies, F&& f) const {
    for (int64_t b = chunk * blocks() / chunks; b < (chunk + 1) * blocks() / chunks; ++b) {
      const int64_t image = b / image_blocks(), first = b % image_blocks() * block_rows_;
      const int64_t rows = std::min(block_rows_, s_.oh() - first);
      copy(x + image * s_.h * s_.w, first, rows, copies);
      f(image * s_.oh() + first, rows);
    }
  }

 private:
  int64_t image_blocks() const { return (s_.oh() + block_rows_ - 1) / block_rows_; }
  int64_t copy_rows() const { return block_rows_ + s_.kh - 1; }
  // What rows [first, first + rows) of the results see of an image.
  void copy(const float* image, int64_t first, int64_t rows, float* to) const;

  const Conv2dShape& s_;
  int64_t phases_, vectors_, row_, line_, block_rows_;
  std::vector<int64_t> pixels_;  // of the first lane of each vector of a row
  std::vector<int32_t> lanes_;   // of a row: their pixels, counted from their vector's
};

inline Spread::Spread(const Conv2dShape& s, int64_t block)
    : s_(s),
      phases_(s.oc / std::gcd(s.oc, int64_t{kLanes})),
      vectors_((s.ow() * s.oc + kLanes - 1) / kLanes),
      row_((vectors_ * kLanes + (s.kw - 1) * s.oc + kLanes - 1) / kLanes * kLanes),
      line_((row_ / s.oc + 2 * kLanes) / kLanes * kLanes) {
  const int64_t fits = std::max<int64_t>(8, block / row_ - s.kh + 1);
  const int64_t blocks = (s.oh() + fits - 1) / fits;
  block_rows_ = (s.oh() + blocks - 1) / blocks;
  for (int64_t at = 0; at < row_; ++at) {
    if (at % kLanes == 0) pixels_.push_back(at / s.oc);
    lanes_.push_back(static_cast<int32_t>(at / s.oc - pixels_.back()));
  }
}

inline void Spread::copy(const float* image, int64_t first, int64_t rows, float* to) const {
  const F32 d;
  // All rows are padded before the first is read in vectors: what was stored a moment ago in other
  // pieces has to be waited for.
  float* lines = to + copy_rows() * row_;
  std::fill_n(lines, copy_rows() * line_, 0.0f);
  for (int64_t q = 0; q < rows + s_.kh - 1; ++q) {
    const int64_t row = first + q - s_.pad_h;
    if (row < 0 || row >= s_.h) continue;
    std::copy_n(image + row * s_.w, s_.w, lines + q * line_ + s_.pad_w);
  }
  for (int64_t q = 0; q < rows + s_.kh - 1; ++q, lines += line_) {
    const int32_t* lanes = lanes_.data();
    for (const int64_t pixel : pixels_) {
      const V32 x = hn::LoadU(d, lines + pixel);
      hn::Store(hn::TableLookupLanes(x, hn::SetTableIndices(d, lanes)), d, to);
      lanes += kLanes, to += kLanes;
    }
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE::conv
HWY_AFTER_NAMESPACE();

#endif
