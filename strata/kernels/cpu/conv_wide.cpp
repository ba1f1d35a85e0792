// The way back of large windows over few channels, first layers above all: what each window gives,
// a row of a product, added up window by window.
#include <algorithm>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/gemm.h"
#include "strata/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/conv_wide.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/conv_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

// Adds the gradients of a row of windows, [ow, kh, kw, c], to rows [first, last) of an image. The
// rows of one window follow each other, so that none waits for what the window beside it stored.
void add_windows(const Conv2dShape& s, const float* HWY_RESTRICT windows, int64_t i, int64_t first,
                 int64_t last, float* HWY_RESTRICT dx) {
  const conv::F32 d;
  const int64_t run = s.kw * s.c, row_length = s.w * s.c, top = i * s.stride_h - s.pad_h;
  for (int64_t j = 0; j < s.ow(); ++j) {
    const int64_t at = (j * s.stride_w - s.pad_w) * s.c;
    const int64_t begin = std::max<int64_t>(0, -at), end = std::min(run, row_length - at);
    for (int64_t r = 0; r < s.kh; ++r, windows += run) {
      const int64_t row = top + r * s.dilation_h;
      if (row < first || row >= last) continue;
      float* to = dx + row * row_length + at;
      for (int64_t k = begin; k < end; k += conv::kLanes) {
        const conv::V32 sum =
            conv::hn::Add(part::load(d, to + k, end - k), part::load(d, windows + k, end - k));
        part::store(d, sum, to + k, end - k);
      }
    }
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(add_windows);

bool conv2d_has_wide_windows(const Conv2dShape& s) {
  return s.groups == 1 && s.c < 8 && s.kh * s.kw * s.c >= 48 && s.kh * s.kw >= 25 &&
         s.dilation_w == 1;
}

void conv2d_wide_data(const Conv2dShape& s, const float* dy, const float* w, float* dx) {
  constexpr int64_t kWindows = 192;  // of a product, whose result stays in L2
  const int64_t oh = s.oh(), ow = s.ow(), rows = std::max<int64_t>(1, kWindows / ow);
  const int64_t depth = s.kh * s.kw * s.c;
  // Each block of rows computes the windows that reach across its borders anew.
  const int64_t blocks = std::clamp<int64_t>(16 / std::max<int64_t>(s.n, 1), 1,
                                             std::max<int64_t>(1, s.h / (4 * s.kh * s.dilation_h)));
  const auto add = HWY_DYNAMIC_DISPATCH(add_windows);
  parallel_chunks(s.n * blocks, [&](int64_t u) {
    const int64_t n = u / blocks, b = u % blocks;
    const int64_t first = b * s.h / blocks, last = (b + 1) * s.h / blocks;
    float* image = dx + n * s.h * s.w * s.c;
    std::fill(image + first * s.w * s.c, image + last * s.w * s.c, 0.0f);
    const int64_t reach = (s.kh - 1) * s.dilation_h;
    const int64_t begin = std::max<int64_t>(0, (first + s.pad_h - reach) / s.stride_h);
    const int64_t end = std::min(oh, (last - 1 + s.pad_h) / s.stride_h + 1);
    const Scratch<float> windows(rows * ow * depth, "conv2d");
    for (int64_t i = begin; i < end; i += rows) {
      const int64_t count = std::min(rows, end - i);
      Gemm<float> g;
      g.m = count * ow, g.n = depth, g.k = s.oc;
      g.a = {dy + (n * oh + i) * ow * s.oc, s.oc, false, {}};
      g.b = {w, depth, false, {}};
      g.c = {windows.data(), depth, false, {}};
      gemm(g);
      for (int64_t k = 0; k < count; ++k) {
        add(s, &windows[k * ow * depth], i + k, first, last, image);
      }
    }
  });
}

}  // namespace strata::kernels
#endif
