// x^y of f32 vectors, within 3 units in the last place. Included once per instruction set.
// clang-format off
#if defined(STRATA_KERNELS_CPU_SIMD_POW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_SIMD_POW_INL_H_
#undef STRATA_KERNELS_CPU_SIMD_POW_INL_H_
#else
#define STRATA_KERNELS_CPU_SIMD_POW_INL_H_
#endif
// clang-format on

#include <cmath>
#include <limits>

#include <hwy/highway.h>

#include "strata/kernels/cpu/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE::simd {

#if HWY_TARGET <= HWY_AVX3

/// log2 of a normal positive number as a sum: the second term is up to a 100th of the first.
template <class D>
struct Log2 {
  hn::Vec<D> high, low;
};

// For each of the 32 parts of a binade that begins at 0.695 a number c near the inverse of its
// middle (1 where the part holds 1), log2(1/c) in multiples of 2^-16, and what that lacks.
HWY_ALIGN inline constexpr float kInverse[32] = {
    1.42222226f,  1.39130437f,  1.3617022f,   1.33333337f,  1.30612254f,  1.28000009f,
    1.25490201f,  1.23076928f,  1.20754719f,  1.18518519f,  1.16363645f,  1.14285719f,
    1.12280703f,  1.10344827f,  1.08474576f,  1.06666672f,  1.04918039f,  1.03225815f,
    1.01587307f,  1.0f,         0.969696999f, 0.941176534f, 0.914285779f, 0.888888955f,
    0.864864886f, 0.842105329f, 0.820512831f, 0.800000012f, 0.780487835f, 0.761904776f,
    0.744186103f, 0.727272749f};
HWY_ALIGN inline constexpr float kLog[32] = {
    -0.508148193f,  -0.47644043f,  -0.445404053f, -0.415039062f,  -0.385284424f,  -0.356140137f,
    -0.327575684f,  -0.299560547f, -0.272079468f, -0.245117188f,  -0.218643188f,  -0.192642212f,
    -0.167114258f,  -0.14201355f,  -0.117355347f, -0.0931091309f, -0.0692596436f, -0.0458068848f,
    -0.0227203369f, 0.0f,          0.0443878174f, 0.0874633789f,  0.12928772f,    0.169921875f,
    0.209457397f,   0.247924805f,  0.285400391f,  0.321929932f,   0.357559204f,   0.392318726f,
    0.426269531f,   0.45942688f};
HWY_ALIGN inline constexpr float kLogRest[32] = {
    1.25475503e-06f,  2.35887228e-06f,  -7.17620469e-06f, 1.52022551e-06f,  -5.83417159e-06f,
    -3.77562128e-06f, 9.74507884e-07f,  2.11271512e-07f,  -9.91611913e-08f, 4.67891459e-06f,
    2.79988649e-06f,  -2.93052176e-06f, 4.26122824e-06f,  -5.44969316e-06f, -1.6066457e-06f,
    -3.48774506e-07f, -3.10218661e-06f, 3.07154005e-06f,  1.77109882e-07f,  0.0f,
    6.25898019e-06f,  -6.34396145e-07f, -4.80489643e-06f, 3.01895307e-06f,  -4.066766e-06f,
    2.59589251e-06f,  1.80942664e-06f,  -1.85825104e-06f, -7.25591508e-06f, -1.32967944e-06f,
    -4.88672413e-06f, 4.69575889e-06f};
// 2^(i/32), and what that lacks, relative to it.
HWY_ALIGN inline constexpr float kPower[32] = {
    1.0f,        1.0218972f,  1.04427373f, 1.06714046f, 1.09050775f, 1.1143868f,  1.13878858f,
    1.1637249f,  1.18920708f, 1.21524739f, 1.24185777f, 1.26905096f, 1.29683959f, 1.32523668f,
    1.35425556f, 1.38390994f, 1.41421354f, 1.44518077f, 1.47682619f, 1.50916445f, 1.54221082f,
    1.5759809f,  1.61049032f, 1.64575553f, 1.68179286f, 1.71861935f, 1.75625217f, 1.79470909f,
    1.8340081f,  1.87416768f, 1.91520655f, 1.95714414f};
HWY_ALIGN inline constexpr float kPowerRest[32] = {
    0.0f,         -4.7085e-08f, 4.6285e-08f,  -5.5604e-08f, -1.1992e-08f, -4.8776e-08f,
    4.7298e-08f,  -3.4814e-08f, 3.1934e-08f,  -2.6887e-08f, 3.6211e-08f,  1.1184e-09f,
    -3.0991e-08f, -2.6383e-08f, -7.4752e-09f, -4.2456e-08f, 1.7114e-08f,  2.3002e-08f,
    -3.0477e-08f, -1.6539e-08f, 5.2333e-09f,  -3.5921e-08f, 6.1076e-09f,  -3.1141e-08f,
    -1.472e-08f,  -2.8218e-08f, -5.2588e-09f, -6.3604e-09f, -6.1283e-09f, -2.488e-08f,
    5.1406e-09f,  -8.6973e-09f};

/// The entries of a table of 32 that the lowest 5 bits of `at` name.
template <class D, class VI>
HWY_INLINE hn::Vec<D> look_up(D d, const float* table, VI at) {
  return hn::Vec<D>{
      _mm512_permutex2var_ps(hn::Load(d, table).raw, at.raw, hn::Load(d, table + 16).raw)};
}

/// a b rounded to f32: a compiler may join a plain product with the sum that it goes into.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V rounded_product(D d, V a, V b) {
  return hn::MulAdd(a, b, hn::Zero(d));
}

/// x = 2^k z with z in [0.695, 1.39), and log2(x) = k + log2(1/c) + log2(z c), of which the last is
/// by a polynomial. As powf of Arm's optimized-routines does, but with sums of two f32 where that
/// has f64.
template <class D, class V = hn::Vec<D>>
HWY_INLINE Log2<D> log2_by_table(D d, V x) {
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(di, x);
  const auto from_least = hn::Sub(bits, hn::Set(di, 0x3f320000));
  const auto k = hn::ShiftRight<23>(from_least);
  const V z = hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(k)));
  const auto cell = hn::ShiftRight<18>(from_least);
  const V c = look_up(d, kInverse, cell);
  // z c - 1 = r + r_low, exactly; |r| < 0.016
  const V zc = rounded_product(d, z, c);
  const V r_low = hn::MulSub(z, c, zc), r = hn::Sub(zc, hn::Set(d, 1.0f));
  // r / ln 2
  const V first = rounded_product(d, r, hn::Set(d, 1.44269502f));
  V low = hn::MulSub(r, hn::Set(d, 1.44269502f), first);
  low = hn::MulAdd(r, hn::Set(d, 1.92596303e-08f), low);
  low = hn::MulAdd(hn::NegMulAdd(r_low, r, r_low), hn::Set(d, 1.44269502f), low);
  // (log2(1 + r) - r / ln 2) / r^2
  const V p = polynomial(d, r, -0.721347511f, 0.48089835f, -0.360732466f, 0.288614511f);
  low = hn::MulAdd(hn::Mul(r, r), p, low);
  low = hn::Add(low, look_up(d, kLogRest, cell));
  const V whole = hn::Add(hn::ConvertTo(d, k), look_up(d, kLog, cell));
  const V high = hn::Add(whole, first);
  return {high, hn::Add(low, hn::Sub(first, hn::Sub(high, whole)))};
}

/// 2^(y log2(x)) for normal positive x and |y| up to 2^100.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V pow_of_normal(D d, V x, V y) {
  const auto log2_x = log2_by_table(d, x);
  const V product = rounded_product(d, y, log2_x.high);
  const V low = hn::MulAdd(y, log2_x.low, hn::MulSub(y, log2_x.high, product));
  // The lower part is up to a 100th of the higher one; where either is cut, 2^t is 0 or infinite.
  const V t = clamp(d, product, -200.0f, 200.0f), rest = clamp(d, low, -16.0f, 16.0f);
  const V rounder = hn::Set(d, kRounder / 32);  // n is a multiple of 1/32
  const V rounded = hn::Add(hn::Add(t, rest), rounder);
  const V n = hn::Sub(rounded, rounder);
  const V r = hn::Add(hn::Sub(t, n), rest);
  const auto step = hn::BitCast(hn::RebindToSigned<D>(), rounded);
  const V power = look_up(d, kPower, step);
  // (2^r - 1) / r
  const V p = polynomial(d, r, 0.693147182f, 0.240228266f, 0.0555045158f);
  const V relative = hn::MulAdd(r, p, look_up(d, kPowerRest, step));
  return V{_mm512_scalef_ps(hn::MulAdd(power, relative, power).raw, n.raw)};  // 2^floor(n) times
}

#else

/// 2^(y log2(x)) in f64 for positive x: narrowing it to f32 overflows, and rounds subnormal
/// results, rightly.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V pow_in_f64(D d, V x, V y) {
  const hn::RebindToSigned<D> di;
  const V magic = hn::Set(d, 0x1.8p52);  // holds an integer in its low bits
  const auto sqrt_half = hn::Set(di, int64_t{0x3fe6a09e667f3bcd});
  const auto bits = hn::Sub(hn::BitCast(di, x), sqrt_half);
  const auto mantissa = hn::Add(hn::And(bits, hn::Set(di, int64_t{0xfffffffffffff})), sqrt_half);
  const auto exponent = hn::Add(hn::ShiftRight<52>(bits), hn::BitCast(di, magic));
  const V k = hn::Sub(hn::BitCast(d, exponent), magic);
  const V m = hn::BitCast(d, mantissa);
  const V one = hn::Set(d, 1.0);
  const V s = hn::Div(hn::Sub(m, one), hn::Add(m, one));
  // log((1 + s) / (1 - s)) / (2 s) by its Taylor series in s^2; |s| < 0.172
  const V series =
      polynomial(d, hn::Mul(s, s), 1.0, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13);
  const V log2_x = hn::MulAdd(hn::Mul(s, hn::Set(d, 2.8853900817779268147)), series, k);
  const V t = hn::Min(hn::Max(hn::Mul(y, log2_x), hn::Set(d, -200.0)), hn::Set(d, 200.0));
  const V shifted = hn::Add(t, magic);
  const V r = hn::Sub(t, hn::Sub(shifted, magic));
  // 2^r
  const V p = polynomial(d, r, 1.0, 0.69314718053502666, 0.24022651213585067, 0.055504109761042295,
                         0.009618025604017616, 0.0013333422649040787, 0.00015469731699294109,
                         1.5316461005411824e-05);
  const auto n = hn::Sub(hn::BitCast(di, shifted), hn::BitCast(di, magic));
  return hn::Mul(p, hn::BitCast(d, hn::ShiftLeft<52>(hn::Add(n, hn::Set(di, int64_t{1023})))));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V pow_of_normal(D d, V x, V y) {
  const hn::RepartitionToWide<D> dd;
  const hn::Half<D> dh;
  const auto half = [&](auto a, auto b) HWY_ATTR {
    return hn::DemoteTo(dh, pow_in_f64(dd, hn::PromoteTo(dd, a), hn::PromoteTo(dd, b)));
  };
  return hn::Combine(d, half(hn::UpperHalf(dh, x), hn::UpperHalf(dh, y)),
                     half(hn::LowerHalf(dh, x), hn::LowerHalf(dh, y)));
}

#endif

/// x^y with libm's special values.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V pow(D d, V x, V y) {
  const V z = pow_of_normal(d, x, y);
  const auto plain = hn::And(hn::And(hn::Ge(x, hn::Set(d, std::numeric_limits<float>::min())),
                                     hn::Lt(x, hn::Set(d, kInfinity))),
                             hn::Lt(hn::Abs(y), hn::Set(d, 0x1p100f)));
  if (HWY_LIKELY(hn::AllTrue(d, plain))) return z;
  HWY_ALIGN float xs[hn::MaxLanes(D())];
  HWY_ALIGN float ys[hn::MaxLanes(D())];
  hn::Store(x, d, xs);
  hn::Store(y, d, ys);
  for (size_t i = 0; i < hn::MaxLanes(D()); ++i) xs[i] = std::pow(xs[i], ys[i]);
  return hn::IfThenElse(plain, z, hn::Load(d, xs));
}

}  // namespace strata::kernels::HWY_NAMESPACE::simd
HWY_AFTER_NAMESPACE();

#endif  // the toggled include guard
