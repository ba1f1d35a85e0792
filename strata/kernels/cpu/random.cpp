#include "strata/kernels/random.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#include "strata/base/parallel.h"
#include "strata/base/random.h"
#include "strata/kernels/cpu/convert.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/random.cpp"
#include <hwy/foreach_target.h>
#include "strata/kernels/cpu/philox-inl.h"
#include "strata/kernels/cpu/simd_math-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

/// What is drawn, and by which two numbers it is shaped.
struct Uniform {
  float low, width, most;
  uint32_t mask;  // the bits that the dtype can hold

  template <class D, class V>
  HWY_INLINE hn::Vec<D> unit(D d, V bits) const {
    const hn::RebindToSigned<D> di;
    const auto kept = hn::ShiftRight<8>(hn::And(bits, hn::Set(hn::RebindToUnsigned<D>(), mask)));
    const auto u = hn::Mul(hn::ConvertTo(d, hn::BitCast(di, kept)), hn::Set(d, 0x1p-24f));
    return hn::Min(hn::MulAdd(u, hn::Set(d, width), hn::Set(d, low)), hn::Set(d, most));
  }
  template <class D, class V>
  HWY_INLINE Pair<hn::Vec<D>> operator()(D d, V even, V odd) const {
    return {unit(d, even), unit(d, odd)};
  }
};

/// Two normals from two uniforms (Box and Muller, "A note on the generation of random normal
/// deviates", 1958).
struct Normal {
  float mean, stddev;

  template <class D, class V>
  HWY_INLINE Pair<hn::Vec<D>> operator()(D d, V even, V odd) const {
    const hn::RebindToSigned<D> di;
    // (0, 1] with a fine tail near 0, where the logarithm is large: up to 6.6 standard deviations.
    const auto half = hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<1>(even)));
    const auto u = hn::Mul(hn::Add(half, hn::Set(d, 0.5f)), hn::Set(d, 0x1p-31f));
    const auto radius = hn::Sqrt(hn::Mul(hn::Set(d, -2.0f), simd::log(d, u)));
    const auto angle = hn::Mul(hn::ConvertTo(d, hn::BitCast(di, odd)),
                               hn::Set(d, static_cast<float>(std::numbers::pi * 0x1p-31)));
    const auto scaled = hn::Mul(radius, hn::Set(d, stddev));
    const auto centre = hn::Set(d, mean);
    return {hn::MulAdd(scaled, simd::cos(d, angle), centre),
            hn::MulAdd(scaled, simd::sin(d, angle), centre)};
  }
};

void fill_uniform(uint64_t seed, uint64_t stream, int64_t first, int64_t n, std::array<float, 3> p,
                  uint32_t mask, float* out) {
  philox_fill(seed, stream, first, n, out, Uniform{p[0], p[1], p[2], mask});
}

void fill_normal(uint64_t seed, uint64_t stream, int64_t first, int64_t n, float mean, float stddev,
                 float* out) {
  philox_fill(seed, stream, first, n, out, Normal{mean, stddev});
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(fill_uniform);
HWY_EXPORT(fill_normal);

constexpr int64_t kGrain = 4096;
constexpr int64_t kBuffer = 1024;  // floats made at a time before they are converted

/// Makes floats, converts them to y's dtype. `make(first, n, out)` writes elements [first, n).
template <class Make>
void fill_floats(Tensor& y, Make make) {
  if (y.dtype() == DType::f32) {
    auto* out = y.data<float>();
    parallel_for(y.numel(), kGrain,
                 [&](int64_t begin, int64_t end) { make(begin, end - begin, out + begin); });
    return;
  }
  auto* out = static_cast<uint16_t*>(y.raw());  // bf16 or f16
  const auto store = cpu::store_to<float>(y.dtype());
  parallel_for(y.numel(), kGrain, [&](int64_t begin, int64_t end) {
    std::array<float, kBuffer> buffer;
    for (int64_t i = begin; i < end; i += kBuffer) {
      const int64_t n = std::min(kBuffer, end - i);
      make(i, n, buffer.data());
      store(buffer.data(), out + i, 1, n);
    }
  });
}

/// Fills y in pairs: `draw` turns 128 random bits into two values.
template <class Draw>
void fill_pairs(uint64_t seed, uint64_t stream, Tensor& y, Draw draw) {
  const int64_t n = y.numel();
  visit_dtype(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* out = y.data<T>();
    parallel_for((n + 1) / 2, kGrain / 2, [&](int64_t begin, int64_t end) {
      for (int64_t g = begin; g < end; ++g) {
        const auto values = draw(philox(seed, stream, static_cast<uint64_t>(g)));
        out[2 * g] = static_cast<T>(values[0]);
        if (2 * g + 1 < n) out[2 * g + 1] = static_cast<T>(values[1]);
      }
    });
  });
}

uint64_t join(uint32_t high, uint32_t low) { return (uint64_t{high} << 32) | low; }

double unit_double(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

/// The largest number below x of its floating type; of -infinity and NaN there is none.
template <class T>
T below(T x) {
  using Bits = std::conditional_t<sizeof(T) == 8, uint64_t,
                                  std::conditional_t<sizeof(T) == 4, uint32_t, uint16_t>>;
  constexpr auto kSign = static_cast<Bits>(Bits{1} << (8 * sizeof(T) - 1));
  auto bits = std::bit_cast<Bits>(x);
  if ((bits & ~kSign) == 0) {
    bits = kSign | 1;
  } else if (bits & kSign) {
    ++bits;
  } else {
    --bits;
  }
  return std::bit_cast<T>(bits);
}

/// The largest T below `bound`: rounding must not carry a value in [low, high) to high.
template <class T>
T largest_below(double bound) {
  T t = static_cast<T>(static_cast<std::conditional_t<sizeof(T) == 8, double, float>>(bound));
  while (static_cast<double>(t) >= bound) t = below(t);
  return t;
}

}  // namespace

void uniform(Cpu, uint64_t seed, uint64_t stream, double low, double high, Tensor& y) {
  if (y.dtype() == DType::f64) {
    const double most = std::max(low, largest_below<double>(high));
    fill_pairs(seed, stream, y, [&](const std::array<uint32_t, 4>& r) {
      return std::array{std::min(most, low + (high - low) * unit_double(join(r[0], r[1]))),
                        std::min(most, low + (high - low) * unit_double(join(r[2], r[3])))};
    });
    return;
  }
  float most = 0;
  uint32_t mask = 0xffffff00u;
  switch (y.dtype()) {
    case DType::bf16:
      most = largest_below<bfloat16>(high);
      mask = 0xff000000u;
      break;
    case DType::f16:
      most = largest_below<float16>(high);
      mask = 0xffe00000u;
      break;
    default: most = largest_below<float>(high); break;
  }
  const auto base = static_cast<float>(low);
  const std::array<float, 3> shape{base, static_cast<float>(high - low), std::max(base, most)};
  fill_floats(y, [&](int64_t first, int64_t n, float* out) {
    HWY_DYNAMIC_DISPATCH(fill_uniform)(seed, stream, first, n, shape, mask, out);
  });
}

void next_below(Cpu, const Tensor& x, Tensor& y) {
  visit_dtype(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (is_floating(dtype_of<T>)) {
      std::transform(x.data<T>(), x.data<T>() + x.numel(), y.data<T>(), below<T>);
    }
  });
}

void normal(Cpu, uint64_t seed, uint64_t stream, double mean, double stddev, Tensor& y) {
  if (y.dtype() == DType::f64) {
    fill_pairs(seed, stream, y, [&](const std::array<uint32_t, 4>& r) {
      const double u = 1.0 - unit_double(join(r[0], r[1]));  // never 0
      const double radius = stddev * std::sqrt(-2.0 * std::log(u));
      const double angle = 2.0 * std::numbers::pi * unit_double(join(r[2], r[3]));
      return std::array{mean + radius * std::cos(angle), mean + radius * std::sin(angle)};
    });
    return;
  }
  fill_floats(y, [&](int64_t first, int64_t n, float* out) {
    HWY_DYNAMIC_DISPATCH(fill_normal)
    (seed, stream, first, n, static_cast<float>(mean), static_cast<float>(stddev), out);
  });
}

void uniform_int(Cpu, uint64_t seed, uint64_t stream, int64_t low, int64_t high, Tensor& y) {
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  fill_pairs(seed, stream, y, [&](const std::array<uint32_t, 4>& r) {
    std::array<int64_t, 2> v{};
    for (size_t i = 0; i < 2; ++i) {
      // Multiply-shift on 64 bits: the bias is below range / 2^64.
      const auto wide = static_cast<unsigned __int128>(join(r[2 * i], r[2 * i + 1])) * range;
      v[i] = static_cast<int64_t>(static_cast<uint64_t>(low) + static_cast<uint64_t>(wide >> 64));
    }
    return v;
  });
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
