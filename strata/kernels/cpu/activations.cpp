#include "strata/kernels/activations.h"

#include <cmath>
#include <numbers>

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/activations.cpp"
#include <hwy/foreach_target.h>
#include "strata/kernels/cpu/elementwise-inl.h"
#include "strata/kernels/cpu/simd_math-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

using cpu::Cost;

inline constexpr double kSqrtHalf = 1 / std::numbers::sqrt2;
inline constexpr double kSqrt2OverPi = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
inline constexpr double kGeluCube = 0.044715;

template <class D>
HWY_INLINE hn::Vec<D> set(D d, double value) {
  return hn::Set(d, static_cast<float>(value));
}

struct Relu {
  template <class D, class V>
  V operator()(D d, V x) const {
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x);
  }
  template <class T>
  T operator()(T x) const {
    return x < T(0) ? T(0) : x;
  }
};
void relu(const Tensor& x, Tensor& y) { elementwise(Relu{}, Cost::cheap, y.dtype(), y, x); }

struct ReluBackward {
  template <class D, class V>
  V operator()(D d, V dy, V y) const {
    return hn::IfThenElse(hn::Le(y, hn::Zero(d)), hn::Zero(d), dy);
  }
  double operator()(double dy, double y) const { return y <= 0 ? 0 : dy; }
};
void relu_backward(const Tensor& dy, const Tensor& y, Tensor& dx) {
  elementwise(ReluBackward{}, Cost::cheap, dx.dtype(), dx, dy, y);
}

struct AddRelu {
  template <class D, class V>
  V operator()(D d, V a, V b) const {
    return Relu()(d, hn::Add(a, b));
  }
  double operator()(double a, double b) const { return Relu()(a + b); }
};
void add_relu(const Tensor& a, const Tensor& b, Tensor& y) {
  elementwise(AddRelu{}, Cost::cheap, y.dtype(), y, a, b);
}

struct LeakyRelu {
  double slope;
  template <class D, class V>
  V operator()(D d, V x) const {
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, hn::Mul(x, set(d, slope)));
  }
  double operator()(double x) const { return x > 0 ? x : x * slope; }
};
void leaky_relu(const Tensor& x, double slope, Tensor& y) {
  elementwise(LeakyRelu{slope}, Cost::cheap, y.dtype(), y, x);
}

struct LeakyReluBackward {
  double slope;
  template <class D, class V>
  V operator()(D d, V dy, V x) const {
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), dy, hn::Mul(dy, set(d, slope)));
  }
  double operator()(double dy, double x) const { return x > 0 ? dy : dy * slope; }
};
void leaky_relu_backward(const Tensor& dy, const Tensor& x, double slope, Tensor& dx) {
  elementwise(LeakyReluBackward{slope}, Cost::cheap, dx.dtype(), dx, dy, x);
}

/// 1 / (1 + e^-x) without overflow.
double logistic(double x) {
  const double e = std::exp(-std::abs(x));
  return (x < 0 ? e : 1.0) / (1 + e);
}

struct Sigmoid {
  template <class D, class V>
  V operator()(D d, V x) const {
    return simd::sigmoid(d, x);
  }
  double operator()(double x) const { return logistic(x); }
};
void sigmoid(const Tensor& x, Tensor& y) {
  elementwise(Sigmoid{}, Cost::moderate, y.dtype(), y, x);
}

struct SigmoidBackward {
  template <class D, class V>
  V operator()(D d, V dy, V y) const {
    return hn::Mul(dy, hn::Mul(hn::Sub(hn::Set(d, 1.0f), y), y));
  }
  double operator()(double dy, double y) const { return dy * ((1 - y) * y); }
};
void sigmoid_backward(const Tensor& dy, const Tensor& y, Tensor& dx) {
  elementwise(SigmoidBackward{}, Cost::cheap, dx.dtype(), dx, dy, y);
}

struct Silu {
  template <class D, class V>
  V operator()(D d, V x) const {
    return simd::silu(d, x);
  }
  double operator()(double x) const { return x * logistic(x); }
};
void silu(const Tensor& x, Tensor& y) { elementwise(Silu{}, Cost::moderate, y.dtype(), y, x); }

struct SiluBackward {
  template <class D, class V>
  V operator()(D d, V dy, V x) const {
    const V one = hn::Set(d, 1.0f);
    const V s = simd::sigmoid(d, x);
    return hn::Mul(dy, hn::Mul(s, hn::MulAdd(x, hn::Sub(one, s), one)));
  }
  double operator()(double dy, double x) const {
    const double s = logistic(x);
    return dy * (s * (x * (1 - s) + 1));
  }
};
void silu_backward(const Tensor& dy, const Tensor& x, Tensor& dx) {
  elementwise(SiluBackward{}, Cost::moderate, dx.dtype(), dx, dy, x);
}

/// x Phi(x), with Phi the distribution function of the standard normal.
struct Gelu {
  template <class D, class V>
  V operator()(D d, V x) const {
    return simd::gelu(d, x);
  }
  double operator()(double x) const { return x * 0.5 * (1 + std::erf(x * kSqrtHalf)); }
};
void gelu(const Tensor& x, Tensor& y) { elementwise(Gelu{}, Cost::moderate, y.dtype(), y, x); }

/// Phi(x) + x Phi'(x).
struct GeluBackward {
  static constexpr double kDensity = 0.5 * kSqrt2OverPi;
  template <class D, class V>
  V operator()(D d, V dy, V x) const {
    const V e = simd::exp(d, hn::Mul(hn::Mul(x, x), hn::Set(d, -0.5f)));
    return hn::Mul(dy, hn::MulAdd(hn::Mul(x, set(d, kDensity)), e, simd::normal_cdf(d, x)));
  }
  double operator()(double dy, double x) const {
    const double phi = 0.5 * (1 + std::erf(x * kSqrtHalf));
    return dy * (phi + x * kDensity * std::exp(-0.5 * x * x));
  }
};
void gelu_backward(const Tensor& dy, const Tensor& x, Tensor& dx) {
  elementwise(GeluBackward{}, Cost::moderate, dx.dtype(), dx, dy, x);
}

/// x / 2 (1 + tanh(u)), u = sqrt(2 / pi) (x + 0.044715 x^3).
struct GeluTanh {
  template <class D, class V>
  V operator()(D d, V x) const {
    return simd::gelu_tanh(d, x);
  }
  double operator()(double x) const {
    return 0.5 * x * (1 + std::tanh(kSqrt2OverPi * (x + kGeluCube * x * x * x)));
  }
};
void gelu_tanh(const Tensor& x, Tensor& y) {
  elementwise(GeluTanh{}, Cost::moderate, y.dtype(), y, x);
}

/// dy (s + x s (1 - s) (2u)'), s = 1 / (1 + e^-2u).
struct GeluTanhBackward {
  template <class D, class V>
  V operator()(D d, V dy, V x) const {
    const V one = hn::Set(d, 1.0f);
    const V slope =
        hn::MulAdd(hn::Mul(x, x), set(d, 6 * kSqrt2OverPi * kGeluCube), set(d, 2 * kSqrt2OverPi));
    const V s = hn::Div(one, hn::Add(one, simd::exp(d, simd::gelu_tanh_exponent(d, x))));
    const V side = hn::Mul(hn::Mul(hn::Mul(x, s), hn::Sub(one, s)), slope);
    return hn::Mul(dy, hn::Add(s, side));
  }
  double operator()(double dy, double x) const {
    const double t = std::tanh(kSqrt2OverPi * (x + kGeluCube * x * x * x));
    const double slope = kSqrt2OverPi * (1 + 3 * kGeluCube * x * x);
    return dy * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope);
  }
};
void gelu_tanh_backward(const Tensor& dy, const Tensor& x, Tensor& dx) {
  elementwise(GeluTanhBackward{}, Cost::moderate, dx.dtype(), dx, dy, x);
}

/// log(1 + e^(beta x)) / beta, and x itself where beta x is beyond the threshold.
struct Softplus {
  double beta, threshold;
  template <class D, class V>
  V operator()(D d, V x) const {
    const V scaled = hn::Mul(x, set(d, beta));
    const V e = simd::exp_of_small(d, hn::Neg(hn::Abs(scaled)));
    const V above = hn::Max(hn::Zero(d), scaled);
    const V y = hn::Mul(hn::Add(above, simd::log1p_of_unit(d, e)), set(d, 1 / beta));
    return hn::IfThenElse(hn::Gt(scaled, set(d, threshold)), x, y);
  }
  double operator()(double x) const {
    return x * beta > threshold ? x : std::log1p(std::exp(x * beta)) / beta;
  }
};
void softplus(const Tensor& x, double beta, double threshold, Tensor& y) {
  elementwise(Softplus{beta, threshold}, Cost::moderate, y.dtype(), y, x);
}

struct SoftplusBackward {
  double beta, threshold;
  template <class D, class V>
  V operator()(D d, V dy, V x) const {
    const V scaled = hn::Mul(x, set(d, beta));
    const V inner = hn::Mul(dy, simd::sigmoid(d, scaled));
    return hn::IfThenElse(hn::Gt(scaled, set(d, threshold)), dy, inner);
  }
  double operator()(double dy, double x) const {
    return x * beta > threshold ? dy : dy * logistic(x * beta);
  }
};
void softplus_backward(const Tensor& dy, const Tensor& x, double beta, double threshold,
                       Tensor& dx) {
  elementwise(SoftplusBackward{beta, threshold}, Cost::moderate, dx.dtype(), dx, dy, x);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {

HWY_EXPORT(relu);
HWY_EXPORT(relu_backward);
HWY_EXPORT(add_relu);
HWY_EXPORT(leaky_relu);
HWY_EXPORT(leaky_relu_backward);
HWY_EXPORT(sigmoid);
HWY_EXPORT(sigmoid_backward);
HWY_EXPORT(silu);
HWY_EXPORT(silu_backward);
HWY_EXPORT(gelu);
HWY_EXPORT(gelu_backward);
HWY_EXPORT(gelu_tanh);
HWY_EXPORT(gelu_tanh_backward);
HWY_EXPORT(softplus);
HWY_EXPORT(softplus_backward);

void relu(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(relu)(x, y); }
void relu_backward(Cpu, const Tensor& dy, const Tensor& y, Tensor& dx) {
  HWY_DYNAMIC_DISPATCH(relu_backward)(dy, y, dx);
}
void add_relu(Cpu, const Tensor& a, const Tensor& b, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(add_relu)(a, b, y);
}
void leaky_relu(Cpu, const Tensor& x, double slope, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(leaky_relu)(x, slope, y);
}
void leaky_relu_backward(Cpu, const Tensor& dy, const Tensor& x, double slope, Tensor& dx) {
  HWY_DYNAMIC_DISPATCH(leaky_relu_backward)(dy, x, slope, dx);
}
void sigmoid(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(sigmoid)(x, y); }
void sigmoid_backward(Cpu, const Tensor& dy, const Tensor& y, Tensor& dx) {
  HWY_DYNAMIC_DISPATCH(sigmoid_backward)(dy, y, dx);
}
void silu(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(silu)(x, y); }
void silu_backward(Cpu, const Tensor& dy, const Tensor& x, Tensor& dx) {
  HWY_DYNAMIC_DISPATCH(silu_backward)(dy, x, dx);
}
void gelu(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(gelu)(x, y); }
void gelu_backward(Cpu, const Tensor& dy, const Tensor& x, Tensor& dx) {
  HWY_DYNAMIC_DISPATCH(gelu_backward)(dy, x, dx);
}
void gelu_tanh(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(gelu_tanh)(x, y); }
void gelu_tanh_backward(Cpu, const Tensor& dy, const Tensor& x, Tensor& dx) {
  HWY_DYNAMIC_DISPATCH(gelu_tanh_backward)(dy, x, dx);
}
void softplus(Cpu, const Tensor& x, double beta, double threshold, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(softplus)(x, beta, threshold, y);
}
void softplus_backward(Cpu, const Tensor& dy, const Tensor& x, double beta, double threshold,
                       Tensor& dx) {
  HWY_DYNAMIC_DISPATCH(softplus_backward)(dy, x, beta, threshold, dx);
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
