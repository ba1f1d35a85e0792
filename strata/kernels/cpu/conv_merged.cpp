// Convolutions of many small groups: several groups become one whose weights between different
// groups are zero, so that whole vectors of channels are multiplied.
#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/scratch.h"

namespace strata::kernels {
namespace {

constexpr int64_t kMergedChannels = 8;  // a vector

// How many groups become one: 1 where they are large enough.
int64_t groups_in_one(const Conv2dShape& s) {
  const int64_t larger = std::max(s.group_c(), s.group_oc());
  int64_t count = std::clamp<int64_t>(kMergedChannels / larger, 1, s.groups);
  while (s.groups % count != 0) --count;
  return count;
}

// The convolution of one merged group.
Conv2dShape merged(const Conv2dShape& s) {
  Conv2dShape m = s;
  const int64_t in_one = groups_in_one(s);
  m.c = s.group_c() * in_one, m.oc = s.group_oc() * in_one, m.groups = 1;
  return m;
}

// All groups, one merged group after the other: w is [oc, kh, kw, merged c].
void run_groups(const Conv2dShape& one, int64_t groups, const float* x, const float* w,
                const float* bias, bool relu, float* y) {
  const Scratch<float> padded(one.n * (one.h + 2 * one.pad_h) * (one.w + 2 * one.pad_w) * one.c,
                              "conv2d");
  for (int64_t g = 0; g < groups; ++g) {
    pad_images(one, x + g * one.c, groups * one.c, padded.data());
    conv2d_few_padded(one, padded.data(), w + g * one.w_size(), bias ? bias + g * one.oc : nullptr,
                      relu, y + g * one.oc, groups * one.oc);
  }
}

}  // namespace

bool all_finite(const float* x, int64_t count) {
  constexpr int64_t kChunk = 1 << 16;
  constexpr uint32_t kExponent = 0x7f800000;
  const int64_t chunks = (count + kChunk - 1) / kChunk;
  std::vector<unsigned char> bad(static_cast<size_t>(chunks));
  parallel_chunks(chunks, [&](int64_t i) {
    uint32_t any = 0;
    for (int64_t k = i * kChunk; k < std::min(count, (i + 1) * kChunk); ++k) {
      any |= (std::bit_cast<uint32_t>(x[k]) & kExponent) == kExponent ? 1 : 0;
    }
    bad[static_cast<size_t>(i)] = any != 0;
  });
  return std::none_of(bad.begin(), bad.end(), [](unsigned char b) { return b != 0; });
}

bool conv2d_merges_groups(const Conv2dShape& s) {
  return s.groups > 1 && groups_in_one(s) > 1 && s.dilation_w == 1;
}

bool conv2d_merged(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                   bool relu, float* y) {
  const Conv2dShape one = merged(s);
  const int64_t c = s.group_c(), taps = s.kh * s.kw, groups = s.c / one.c;
  const Scratch<float> all(groups * one.w_size(), "conv2d");
  std::fill_n(all.data(), groups * one.w_size(), 0.0f);
  for (int64_t o = 0; o < s.oc; ++o) {
    const int64_t place = o % one.oc / s.group_oc() * c;
    for (int64_t t = 0; t < taps; ++t) {
      std::copy_n(w + (o * taps + t) * c, c, &all[(o * taps + t) * one.c + place]);
    }
  }
  run_groups(one, groups, x, all.data(), bias, relu, y);
  return all_finite(y, s.y_size());
}

bool conv2d_merged_data(const Conv2dShape& s, const float* dy, const float* w, float* dx) {
  Conv2dShape one = merged(s);
  const int64_t c = s.group_c(), oc = s.group_oc(), taps = s.kh * s.kw, groups = s.c / one.c;
  const int64_t pad_h = (s.kh - 1) * s.dilation_h - s.pad_h, pad_w = s.kw - 1 - s.pad_w;
  if (s.stride_h > 1 || s.stride_w > 1 || pad_h < 0 || pad_w < 0) return false;
  one.h = s.oh(), one.w = s.ow(), one.pad_h = pad_h, one.pad_w = pad_w;
  std::swap(one.c, one.oc);
  const Scratch<float> all(groups * one.w_size(), "conv2d");
  std::fill_n(all.data(), groups * one.w_size(), 0.0f);
  for (int64_t o = 0; o < s.oc; ++o) {
    const int64_t place = o % one.c;
    for (int64_t t = 0; t < taps; ++t) {
      for (int64_t k = 0; k < c; ++k) {
        all[((o / oc * c + k) * taps + taps - 1 - t) * one.c + place] = w[(o * taps + t) * c + k];
      }
    }
  }
  run_groups(one, groups, dy, all.data(), nullptr, false, dx);
  return all_finite(dx, s.x_size());
}

}  // namespace strata::kernels
