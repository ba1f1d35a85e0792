#include "strata/kernels/random.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "strata/base/parallel.h"
#include "strata/base/random.h"

namespace strata::kernels {
namespace {

constexpr int64_t kGrain = 4096;

/// Fills y in groups: `draw` turns 128 random bits into `Per` values.
template <int Per, class Draw>
void fill_groups(uint64_t seed, uint64_t stream, Tensor& y, Draw draw) {
  const int64_t n = y.numel(), groups = (n + Per - 1) / Per;
  visit_dtype(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* out = y.data<T>();
    parallel_for(groups, kGrain / Per, [&](int64_t begin, int64_t end) {
      for (int64_t g = begin; g < end; ++g) {
        const auto values = draw(philox(seed, stream, static_cast<uint64_t>(g)));
        const int64_t count = std::min<int64_t>(Per, n - g * Per);
        for (int64_t i = 0; i < count; ++i) {
          out[g * Per + i] = static_cast<T>(values[static_cast<size_t>(i)]);
        }
      }
    });
  });
}

uint64_t join(uint32_t high, uint32_t low) { return (uint64_t{high} << 32) | low; }

double unit_double(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

}  // namespace

void uniform(Cpu, uint64_t seed, uint64_t stream, double low, double high, Tensor& y) {
  if (y.dtype() == DType::f64) {
    fill_groups<2>(seed, stream, y, [&](const std::array<uint32_t, 4>& r) {
      return std::array{low + (high - low) * unit_double(join(r[0], r[1])),
                        low + (high - low) * unit_double(join(r[2], r[3]))};
    });
    return;
  }
  const auto base = static_cast<float>(low), width = static_cast<float>(high - low);
  fill_groups<4>(seed, stream, y, [&](const std::array<uint32_t, 4>& r) {
    std::array<float, 4> v{};
    for (size_t i = 0; i < 4; ++i) v[i] = base + width * unit_float(r[i]);
    return v;
  });
}

void normal(Cpu, uint64_t seed, uint64_t stream, double mean, double stddev, Tensor& y) {
  // Two normals from each pair of uniforms (Box and Muller 1958); 1 - u keeps the log finite.
  fill_groups<4>(seed, stream, y, [&](const std::array<uint32_t, 4>& r) {
    std::array<double, 4> v{};
    for (size_t i = 0; i < 4; i += 2) {
      const double u = (static_cast<double>(r[i]) + 1.0) * 0x1p-32;
      const double radius = stddev * std::sqrt(-2.0 * std::log(u));
      const double angle = 2.0 * std::numbers::pi * static_cast<double>(r[i + 1]) * 0x1p-32;
      v[i] = mean + radius * std::cos(angle);
      v[i + 1] = mean + radius * std::sin(angle);
    }
    return v;
  });
}

void uniform_int(Cpu, uint64_t seed, uint64_t stream, int64_t low, int64_t high, Tensor& y) {
  const auto range = static_cast<uint64_t>(high - low);
  fill_groups<2>(seed, stream, y, [&](const std::array<uint32_t, 4>& r) {
    std::array<int64_t, 2> v{};
    for (size_t i = 0; i < 2; ++i) {
      // Multiply-shift on 64 bits: the bias is below range / 2^64.
      const auto wide = static_cast<unsigned __int128>(join(r[2 * i], r[2 * i + 1])) * range;
      v[i] = low + static_cast<int64_t>(static_cast<uint64_t>(wide >> 64));
    }
    return v;
  });
}

}  // namespace strata::kernels
