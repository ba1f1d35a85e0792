// Elementary functions of f32 vectors.
//
// Every function is within 3 units in the last place of the exact value over the whole range of
// f32, subnormal arguments and results included, and treats NaN, infinities and the sign of zero as
// libm does. `hwy/contrib/math` is not used: its exp maps NaN to 0, its erf is missing.
//
// The polynomials are near-minimax fits (Lawson-weighted least squares on Chebyshev nodes) of the
// expression named beside them; the reductions are those of Cody and Waite, "Software Manual for
// the Elementary Functions" (1980), and of FreeBSD's msun for the logarithms.

// Highway compiles this file once for each instruction set: the include guard toggles.
// clang-format off
#if defined(STRATA_KERNELS_CPU_SIMD_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_SIMD_MATH_INL_H_
#undef STRATA_KERNELS_CPU_SIMD_MATH_INL_H_
#else
#define STRATA_KERNELS_CPU_SIMD_MATH_INL_H_
#endif
// clang-format on

#include <cmath>
#include <limits>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE::simd {

namespace hn = hwy::HWY_NAMESPACE;

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();
inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// c0 + c1 x + c2 x^2 + ..., in Estrin's order: shorter chains of dependent steps than Horner's.
template <class D, class V, class... Cs>
HWY_INLINE V polynomial(D d, V x, Cs... cs) {
  constexpr size_t kTerms = sizeof...(cs);
  V terms[kTerms] = {hn::Set(d, static_cast<hn::TFromD<D>>(cs))...};
  V power = x;
  for (size_t n = kTerms; n > 1; n = (n + 1) / 2, power = hn::Mul(power, power)) {
    for (size_t i = 0; i + 1 < n; i += 2) terms[i / 2] = hn::MulAdd(power, terms[i + 1], terms[i]);
    if (n % 2 == 1) terms[n / 2] = terms[n - 1];
  }
  return terms[0];
}

/// NaN stays: x86 returns the second operand of a Max or Min where either is NaN, Arm returns NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V clamp(D d, V x, float low, float high) {
  return hn::Min(hn::Set(d, high), hn::Max(hn::Set(d, low), x));
}

/// Adding it rounds a small float to the nearest integer and leaves that in the low bits of the
/// sum.
inline constexpr float kRounder = 0x1.8p23f;

/// 2^n for n in [-126, 127], from an integer whose lowest 9 bits are n's.
template <class D, class VI>
HWY_INLINE hn::Vec<D> power_of_two(D d, VI n) {
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::Add(hn::ShiftLeft<23>(n), hn::Set(di, 0x3f800000)));
}

/// x = n ln 2 + r with |r| <= ln(2)/2.
template <class D>
struct ReducedExp {
  hn::Vec<hn::RebindToSigned<D>> n;  // as in power_of_two
  hn::Vec<D> n_float;
  hn::Vec<D> expm1;  // exp(r) - 1
};

template <class D, class V = hn::Vec<D>>
HWY_INLINE ReducedExp<D> reduce_exp(D d, V x) {
  const V rounder = hn::Set(d, kRounder);
  const V rounded = hn::MulAdd(x, hn::Set(d, 1.44269504f), rounder);
  const V n = hn::Sub(rounded, rounder);
  // ln 2 in two parts: n times the first is exact even without fused multiply-add.
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  // (exp(r) - 1 - r) / r^2
  const V p =
      polynomial(d, r, 0.499999981, 0.166665432, 0.0416672018, 0.00836658048, 0.00138825076);
  return {hn::BitCast(hn::RebindToSigned<D>(), rounded), n, hn::MulAdd(hn::Mul(r, r), p, r)};
}

/// e^x of a number up to 89.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_of_small(D d, V x) {
  const auto e = reduce_exp(d, hn::Max(hn::Set(d, -104.0f), x));
#if HWY_TARGET <= HWY_AVX3
  if constexpr (sizeof(V) == 64) {
    return V{_mm512_scalef_ps(hn::Add(e.expm1, hn::Set(d, 1.0f)).raw, e.n_float.raw)};
  }
#endif
  // Two steps, so that results beyond the normal range overflow, or round, only once.
  const auto half = hn::ShiftRight<1>(e.n);
  const V power = power_of_two(d, half);
  return hn::Mul(hn::MulAdd(e.expm1, power, power), power_of_two(d, hn::Sub(e.n, half)));
}

/// e^x.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp(D d, V x) {
  return exp_of_small(d, hn::Min(hn::Set(d, 89.0f), x));
}

/// e^x of a number in [-87, 88].
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_in_range(D d, V x) {
  const auto e = reduce_exp(d, x);
  const V power = power_of_two(d, e.n);
  return hn::MulAdd(e.expm1, power, power);
}

/// e^x - 1 of a number in [-26, 89] and not tiny.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V expm1_in_range(D d, V x) {
  const auto e = reduce_exp(d, x);
  // Half of it, doubled at the end: 2^128 is no f32.
  const V half = power_of_two(d, hn::Sub(e.n, hn::Set(hn::RebindToSigned<D>(), 1)));
  const V y = hn::MulAdd(e.expm1, half, hn::Sub(half, hn::Set(d, 0.5f)));
  return hn::Add(y, y);
}

/// Where an odd function is its own argument: tiny numbers, and NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE hn::Mask<D> is_tiny_or_nan(D d, V x) {
  return hn::Not(hn::Ge(hn::Abs(x), hn::Set(d, 1e-30f)));
}

/// e^x - 1 without cancellation near zero.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V expm1(D d, V x) {
  const V y = expm1_in_range(d, clamp(d, x, -26.0f, 89.0f));
  return hn::IfThenElse(is_tiny_or_nan(d, x), x, y);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V tanh(D d, V x) {
  const V e = expm1_in_range(d, hn::Min(hn::Abs(hn::Add(x, x)), hn::Set(d, 20.0f)));
  const V y = hn::CopySign(hn::Div(e, hn::Add(e, hn::Set(d, 2.0f))), x);
  return hn::IfThenElse(is_tiny_or_nan(d, x), x, y);
}

/// 1 / (1 + e^-x), accurate in both tails.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V sigmoid(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V e = exp_of_small(d, hn::Neg(hn::Abs(x)));
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
}

/// x / (1 + e^-x): one division and no tails to tell apart. From -88.8 on it is -0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V silu(D d, V x) {
  return hn::Div(x, hn::Add(hn::Set(d, 1.0f), exp(d, hn::Neg(x))));
}

/// With u = sqrt(2 / pi) (x + 0.044715 x^3), of which gelu_tanh is x / 2 (1 + tanh(u)): -2u.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V gelu_tanh_exponent(D d, V x) {
  const V square = hn::Mul(x, x);
  return hn::Mul(x, hn::MulAdd(square, hn::Set(d, -0.0713548163f), hn::Set(d, -1.59576912f)));
}

/// The tanh approximation of GELU as x / (1 + e^-2u), without the cancellation of 1 + tanh(u).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V gelu_tanh(D d, V x) {
  return hn::Div(x, hn::Add(hn::Set(d, 1.0f), exp(d, gelu_tanh_exponent(d, x))));
}

/// A normal positive number as 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)).
template <class D>
struct SplitFloat {
  hn::Vec<D> k, f;
};

template <class D>
HWY_INLINE SplitFloat<D> split(D d, hn::Vec<D> x) {
  const hn::RebindToSigned<D> di;
  const auto sqrt_half = hn::Set(di, 0x3f3504f3);
  const auto bits = hn::Sub(hn::BitCast(di, x), sqrt_half);
  const auto mantissa = hn::Add(hn::And(bits, hn::Set(di, 0x7fffff)), sqrt_half);
  return {hn::ConvertTo(d, hn::ShiftRight<23>(bits)),
          hn::Sub(hn::BitCast(d, mantissa), hn::Set(d, 1.0f))};
}

/// k ln 2 + log(1 + f) + c, for a tiny c.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V log_of_split(D d, V k, V f, V c) {
  const V s = hn::Div(f, hn::Add(f, hn::Set(d, 2.0f)));
  const V z = hn::Mul(s, s);
  // (log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2
  const V r = hn::Mul(z, polynomial(d, z, 0.666667764f, 0.399775376f, 0.298718433f));
  const V half_square = hn::Mul(hn::Mul(f, f), hn::Set(d, 0.5f));
  const V low = hn::MulAdd(k, hn::Set(d, 9.05800061e-6f), c);
  const V tail = hn::Sub(hn::MulAdd(s, hn::Add(half_square, r), low), half_square);
  return hn::MulAdd(k, hn::Set(d, 0.693138123f), hn::Add(tail, f));
}

/// Natural logarithm: -inf at 0, NaN below.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V log(D d, V x) {
  const V zero = hn::Zero(d);
  const auto small = hn::Lt(x, hn::Set(d, std::numeric_limits<float>::min()));
  const auto s = split(d, hn::IfThenElse(small, hn::Mul(x, hn::Set(d, 0x1p25f)), x));
  const V k = hn::Sub(s.k, hn::IfThenElseZero(small, hn::Set(d, 25.0f)));
  V y = log_of_split(d, k, s.f, zero);
  y = hn::IfThenElse(hn::Eq(x, zero), hn::Set(d, -kInfinity), y);
  y = hn::IfThenElse(hn::Lt(x, zero), hn::Set(d, kNan), y);
  return hn::IfThenElse(hn::Lt(x, hn::Set(d, kInfinity)), y, x);  // inf and NaN stay
}

/// log(1 + x) without loss for small x: -inf at -1, NaN below.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V log1p(D d, V x) {
  const V zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  const V u = hn::Add(one, x);
  const V rest = hn::Sub(u, one);
  const V lost = hn::Add(hn::Sub(one, hn::Sub(u, rest)), hn::Sub(x, rest));  // (1 + x) - u, exact
  const auto s = split(d, u);
  const auto near = hn::Eq(s.k, zero);
  V y = log_of_split(d, s.k, hn::IfThenElse(near, x, s.f),
                     hn::IfThenElse(near, zero, hn::Div(lost, u)));
  y = hn::CopySign(y, x);
  y = hn::IfThenElse(hn::Eq(u, zero), hn::Set(d, -kInfinity), y);
  y = hn::IfThenElse(hn::Lt(u, zero), hn::Set(d, kNan), y);
  return hn::IfThenElse(hn::Lt(x, hn::Set(d, kInfinity)), y, x);
}

/// log(1 + x) of a number in [0, 1].
template <class D, class V = hn::Vec<D>>
HWY_INLINE V log1p_of_unit(D d, V x) {
  // (log(1 + x) - x) / x^2
  const V p = polynomial(d, x, -0.499996483f, 0.33321324f, -0.248571634f, 0.191536546f,
                         -0.137538031f, 0.079204537f, -0.0300657917f, 0.00536482455f);
  return hn::MulAdd(hn::Mul(x, x), p, x);
}

/// Beyond this, sin and cos go lane by lane.
inline constexpr float kMostRadians = 1e6f;

/// A magnitude as q pi/2 + r with |r| <= pi/4, or a twentieth more towards kMostRadians in f32.
template <class D>
struct Quadrant {
  hn::Vec<hn::RebindToSigned<D>> q;  // its lowest bits
  hn::Vec<D> r;
};

/// In f64, where two parts of pi/2 are enough: the first has 33 bits, so that q times it is exact.
template <class D>
HWY_INLINE Quadrant<D> reduce_angle_in_f64(D d, hn::Vec<D> magnitude) {
  const hn::RepartitionToWide<D> dd;
  const hn::Half<D> dh;
  const auto reduce = [&](auto x, auto& r) HWY_ATTR {
    const auto q = hn::Round(hn::Mul(x, hn::Set(dd, 0.63661977236758134308)));
    r = hn::NegMulAdd(q, hn::Set(dd, 1.57079632673412561417), x);
    r = hn::NegMulAdd(q, hn::Set(dd, 6.07710050650619224932e-11), r);
    return q;
  };
  hn::Vec<decltype(dd)> low, high;
  const auto q_low = reduce(hn::PromoteTo(dd, hn::LowerHalf(dh, magnitude)), low);
  const auto q_high = reduce(hn::PromoteTo(dd, hn::UpperHalf(dh, magnitude)), high);
  const auto q = hn::Combine(d, hn::DemoteTo(dh, q_high), hn::DemoteTo(dh, q_low));
  return {hn::BitCast(hn::RebindToSigned<D>(), hn::Add(q, hn::Set(d, kRounder))),
          hn::Combine(d, hn::DemoteTo(dh, high), hn::DemoteTo(dh, low))};
}

/// With fused multiply-add three parts of pi/2 in f32 do: the first step is exact.
template <class D>
HWY_INLINE Quadrant<D> reduce_angle(D d, hn::Vec<D> magnitude) {
  if constexpr (!HWY_NATIVE_FMA) return reduce_angle_in_f64(d, magnitude);
  const auto rounder = hn::Set(d, kRounder);
  const auto rounded = hn::MulAdd(magnitude, hn::Set(d, 0.636619772f), rounder);
  const auto q = hn::Sub(rounded, rounder);
  auto r = hn::NegMulAdd(q, hn::Set(d, 1.57079637f), magnitude);
  r = hn::NegMulAdd(q, hn::Set(d, -4.37113883e-8f), r);
  r = hn::NegMulAdd(q, hn::Set(d, -1.71512451e-15f), r);
  return {hn::BitCast(hn::RebindToSigned<D>(), rounded), r};
}

/// sin(q pi/2 + r).
template <class D, class VI, class V = hn::Vec<D>>
HWY_INLINE V sin_of_quadrant(D d, VI q, V r) {
  const hn::RebindToSigned<D> di;
  const V z = hn::Mul(r, r);
  // (sin(r) - r) / r^3 and (cos(r) - 1 + r^2/2) / r^4, in r^2
  const V sin_tail = polynomial(d, z, -0.166666545f, 0.00833215604f, -0.000195146308f);
  const V cos_tail = polynomial(d, z, 0.0416666456f, -0.00138873098f, 2.44324111e-05f);
  const V sin_r = hn::MulAdd(hn::Mul(r, z), sin_tail, r);
  const V cos_r =
      hn::MulAdd(hn::Mul(z, z), cos_tail, hn::NegMulAdd(hn::Set(d, 0.5f), z, hn::Set(d, 1.0f)));
  const auto even = hn::RebindMask(d, hn::Eq(hn::And(q, hn::Set(di, 1)), hn::Zero(di)));
  const V sign = hn::BitCast(d, hn::ShiftLeft<30>(hn::And(q, hn::Set(di, 2))));
  return hn::Xor(hn::IfThenElse(even, sin_r, cos_r), sign);
}

/// `y`, but f(x) lane by lane where |x| is beyond kMostRadians: too rare to be worth vector code.
template <class D, class V, class F>
HWY_INLINE V far_by_lane(D d, V x, V y, F f) {
  const auto far = hn::Gt(hn::Abs(x), hn::Set(d, kMostRadians));
  if (HWY_LIKELY(hn::AllFalse(d, far))) return y;
  HWY_ALIGN float lanes[hn::MaxLanes(D())];
  hn::Store(x, d, lanes);
  for (float& v : lanes) v = static_cast<float>(f(double{v}));
  return hn::IfThenElse(far, hn::Load(d, lanes), y);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V sin(D d, V x) {
  const V magnitude = hn::Abs(x);
  const auto a = reduce_angle(d, magnitude);
  const V y = hn::Xor(sin_of_quadrant(d, a.q, a.r), hn::Xor(x, magnitude));
  return far_by_lane(d, x, y, [](double v) { return std::sin(v); });
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V cos(D d, V x) {
  const auto a = reduce_angle(d, hn::Abs(x));
  const auto next = hn::Add(a.q, hn::Set(hn::RebindToSigned<D>(), 1));
  return far_by_lane(d, x, sin_of_quadrant(d, next, a.r), [](double v) { return std::cos(v); });
}

/// The error function.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V erf(D d, V x) {
  const V t = hn::Min(hn::Abs(x), hn::Set(d, 4.0f));
  const V z = hn::Mul(t, t);
  // erf(x) / x - 1 in x^2, for |x| < 0.93
  const V small = polynomial(d, z, 0.128379167f, -0.376126332f, 0.112836863f, -0.0268588511f,
                             0.00519959972f, -0.000812580541f, 8.29660624e-05f);
  // log(1 - erf(t)) / t + 1, for t up to 4
  const V large = polynomial(d, t, -0.128637075f, -0.635198034f, -0.106159049f, 0.0236945659f,
                             -0.00361034195f, 0.000314858113f, -1.04331144e-05f);
  const V rest = exp_in_range(d, hn::MulSub(t, large, t));
  const V outer = hn::CopySign(hn::Sub(hn::Set(d, 1.0f), rest), x);
  const V y = hn::IfThenElse(hn::Lt(t, hn::Set(d, 0.93f)), hn::MulAdd(x, small, x), outer);
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

/// The distribution function of the standard normal, (1 + erf(x / sqrt(2))) / 2, to an absolute
/// error of 1e-7; 0 below -7.7.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V normal_cdf(D d, V x) {
  const V t = hn::Mul(hn::Abs(x), hn::Set(d, 0.707106781f));
  // log(1 - erf(t)) / t + 1, for t up to 5.5
  const V p =
      polynomial(d, t, -0.128379791, -0.636607672, -0.102850212, 0.0193608996, -0.000157748962,
                 -0.0013928175, 0.000500063751, -8.40992001e-05, 5.83094838e-06);
  const V half = hn::Set(d, 0.5f);
  const V tail = hn::IfThenElseZero(hn::Lt(t, hn::Set(d, 5.5f)),
                                    hn::Mul(half, exp_in_range(d, hn::MulSub(t, p, t))));
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, 1.0f), tail));
}

/// x Phi(x), with Phi the distribution function of the standard normal.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V gelu(D d, V x) {
  return hn::Mul(x, normal_cdf(d, x));
}

/// 1 / sqrt(x) by a true division: the processor's estimate has 12 bits.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V rsqrt(D d, V x) {
  return hn::Div(hn::Set(d, 1.0f), hn::Sqrt(x));
}

}  // namespace strata::kernels::HWY_NAMESPACE::simd
HWY_AFTER_NAMESPACE();

#endif  // the toggled include guard
