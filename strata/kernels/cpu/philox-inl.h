// Philox4x32-10 on vectors. Element i of a draw takes word i % 4 of counter (stream, i / 4), as the
// scalar philox() in strata/base/random.h, whatever the width of the vectors.

// Highway compiles this file once for each instruction set: the include guard toggles.
// clang-format off
#if defined(STRATA_KERNELS_CPU_PHILOX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_PHILOX_INL_H_
#undef STRATA_KERNELS_CPU_PHILOX_INL_H_
#else
#define STRATA_KERNELS_CPU_PHILOX_INL_H_
#endif
// clang-format on

#include <algorithm>
#include <array>
#include <cstdint>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// The words of one counter in each 64-bit lane: 0 and 2 in `even`, 1 and 3 in `odd`.
template <class V>
struct PhiloxWords {
  V even, odd;
};

/// Counters are held one to a 64-bit lane, of which the lower half counts: what a widening multiply
/// leaves in the upper half never reaches a lower one.
template <class D, class V64>
HWY_INLINE PhiloxWords<hn::Vec<D>> philox_words(D d, uint64_t seed, uint64_t stream, V64 index) {
  const hn::Repartition<uint64_t, D> d64;
  const auto mul0 = hn::Set(d, 0xD2511F53u), mul1 = hn::Set(d, 0xCD9E8D57u);
  auto c0 = index, c1 = hn::ShiftRight<32>(index);
  auto c2 = hn::Set(d64, stream), c3 = hn::Set(d64, stream >> 32);
  auto k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const auto p0 = hn::MulEven(hn::BitCast(d, c0), mul0);
    const auto p1 = hn::MulEven(hn::BitCast(d, c2), mul1);
    c0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), c1), hn::Set(d64, k0));
    c1 = p1;
    c2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), c3), hn::Set(d64, k1));
    c3 = p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(c2)), hn::BitCast(d, c0)),
          hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(c3)), hn::BitCast(d, c1))};
}

/// Writes elements [first, first + n) of a draw; `first` a multiple of 4. `make` turns the words of
/// `even` and `odd` into two vectors of floats that take their places.
template <class Make>
HWY_INLINE void philox_fill(uint64_t seed, uint64_t stream, int64_t first, int64_t n, float* out,
                            const Make& make) {
  const hn::ScalableTag<uint32_t> d;
  const hn::ScalableTag<float> df;
  const hn::Repartition<uint64_t, decltype(d)> d64;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  // Interleaving works within 128 bits: with the first half of the counters in the even lanes and
  // the second in the odd ones, it leaves the elements in their order.
  HWY_ALIGN std::array<uint64_t, HWY_MAX_BYTES / 8> order{};
  for (int64_t j = 0; j < lanes / 2; ++j) {
    order[static_cast<size_t>(j)] = static_cast<uint64_t>(j % 2 * (lanes / 4) + j / 2);
  }
  const auto counters = hn::Load(d64, order.data());
  HWY_ALIGN std::array<float, 2 * HWY_MAX_BYTES / 4> rest;
  for (int64_t i = 0; i < n; i += 2 * lanes) {
    const auto index = hn::Add(counters, hn::Set(d64, static_cast<uint64_t>((first + i) / 4)));
    const auto [even, odd] = philox_words(d, seed, stream, index);
    const auto [a, b] = make(df, even, odd);
    const bool whole = i + 2 * lanes <= n;
    float* to = whole ? out + i : rest.data();
    hn::StoreU(hn::InterleaveLower(df, a, b), df, to);
    hn::StoreU(hn::InterleaveUpper(df, a, b), df, to + lanes);
    if (!whole) std::copy_n(to, n - i, out + i);
  }
}

/// Two vectors of floats, in the places of PhiloxWords' `even` and `odd`.
template <class V>
struct Pair {
  V even, odd;
};

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
