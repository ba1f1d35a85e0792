// Sums of each channel over the pixels, in chunks whose number follows the shape.
#include <algorithm>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/channel_sums.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include "strata/kernels/cpu/conv_tile-inl.h"
#include "strata/kernels/cpu/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

// sums[i] += every width-th element from i on, of whole rows of `width`, a multiple of the vector.
void add_rows(int64_t rows, int64_t width, const float* HWY_RESTRICT from,
              float* HWY_RESTRICT sums) {
  const conv::F32 d;
  for (int64_t r = 0; r < rows; ++r, from += width) {
    for (int64_t i = 0; i < width; i += conv::kLanes) {
      call_ahead(from + i);
      const auto sum = conv::hn::Add(conv::hn::Load(d, sums + i), conv::hn::LoadU(d, from + i));
      conv::hn::Store(sum, d, sums + i);
    }
  }
}

void run_channel_sums(int64_t pixels, int64_t channels, const float* dy, float* dbias) {
  // So many pixels to a row that it is whole vectors, and enough of them to hide their latency.
  int64_t group = 1;
  while (channels * group % conv::kLanes != 0) group *= 2;
  while (channels * group < 12 * conv::kLanes) group *= 2;
  const int64_t width = channels * group;
  const int64_t chunks = std::clamp<int64_t>(pixels * channels / 16384, 1, 32);
  Scratch<float> sums(chunks * width, "conv2d");
  parallel_chunks(chunks, [&](int64_t k) {
    float* sum = &sums[k * width];
    std::fill_n(sum, width, 0.0f);
    const int64_t begin = pixels * k / chunks, end = pixels * (k + 1) / chunks;
    const int64_t rows = (end - begin) / group;
    add_rows(rows, width, dy + begin * channels, sum);
    const float* rest = dy + (begin + rows * group) * channels;
    for (int64_t i = 0; i < (end - begin - rows * group) * channels; ++i) sum[i] += rest[i];
  });
  for (int64_t c = 0; c < channels; ++c) {
    float sum = 0;
    for (int64_t i = 0; i < chunks * group; ++i) sum += sums[i * channels + c];
    dbias[c] = sum;
  }
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
HWY_EXPORT(run_channel_sums);

void channel_sums(int64_t pixels, int64_t channels, const float* dy, float* dbias) {
  HWY_DYNAMIC_DISPATCH(run_channel_sums)(pixels, channels, dy, dbias);
}

}  // namespace strata::kernels
#endif
