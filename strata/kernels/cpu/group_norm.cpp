#include "strata/kernels/group_norm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/copy.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/group_norm.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include "strata/kernels/cpu/moments-inl.h"

// A unit of work is one sample's share of some whole groups: it is normalised while it is still in
// the second level cache from the sums before.
HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace {

constexpr int64_t kUnits = 32;      // as many units at least, as far as the channels allow
constexpr int64_t kNarrowest = 16;  // channels of a unit: a cache line of f32
constexpr int64_t kRows = 8;        // rows that a vector of channels' values is loaded for
constexpr int64_t kFlush = 512;     // rows summed in vectors before their sum goes to f64

/// A whole vector of channels.
template <class T>
struct Whole {
  template <class U>
  HWY_INLINE hn::Vec<Tag<T>> get(const U* from) const {
    return load(Tag<T>(), from);
  }
  template <class U>
  HWY_INLINE void put(hn::Vec<Tag<T>> v, U* to) const {
    store(Tag<T>(), v, to);
  }
};

/// The first n lanes of one.
template <class T>
struct First {
  int64_t n;
  template <class U>
  HWY_INLINE hn::Vec<Tag<T>> get(const U* from) const {
    return load_n(Tag<T>(), from, n, 0);
  }
  template <class U>
  HWY_INLINE void put(hn::Vec<Tag<T>> v, U* to) const {
    store_n(Tag<T>(), v, to, n);
  }
};

/// Calls f(part, channel, first row, rows) for vectors of channels and runs of kRows rows that
/// together cover `rows` rows of `channels` channels. f must carry HWY_ATTR.
template <class T, class F>
HWY_INLINE void for_blocks(int64_t rows, int64_t channels, F f) {
  for (int64_t r = 0; r < rows; r += kRows) {
    const int64_t count = std::min(kRows, rows - r);
    for_lanes(
        Tag<T>(), channels, [&](int64_t c) HWY_ATTR { f(Whole<T>{}, c, r, count); },
        [&](int64_t c, int64_t n) HWY_ATTR { f(First<T>{n}, c, r, count); });
  }
}

template <class D>
HWY_INLINE hn::Vec<D> sigmoid_of(D d, hn::Vec<D> x) {
  if constexpr (std::is_same_v<hn::TFromD<D>, float>) {
    return simd::sigmoid(d, x);
  } else {
    HWY_ALIGN double buffer[hn::MaxLanes(d)];
    hn::Store(x, d, buffer);
    for (double& v : buffer) {
      const double e = std::exp(-std::abs(v));
      v = (v < 0 ? e : 1.0) / (1 + e);
    }
    return hn::Load(d, buffer);
  }
}

/// Sizes of the arrays and of the units that they are cut into.
struct Plan {
  int64_t samples, length, channels, size, tile, tiles;

  Plan(const Tensor& x, int64_t groups)
      : samples(x.shape()[0]), length(x.shape()[1]), channels(x.shape()[2]) {
    size = channels / groups;
    const int64_t wanted = std::max<int64_t>(1, kUnits / samples);
    const int64_t least = std::max(kNarrowest, (channels + wanted - 1) / wanted);
    tile = std::min(channels, (least + size - 1) / size * size);
    tiles = (channels + tile - 1) / tile;
  }

  /// f(sample, first channel, channels) for all units.
  template <class F>
  void for_units(F f) const {
    parallel_for(samples * tiles, 1, [&](int64_t begin, int64_t end) {
      for (int64_t u = begin; u < end; ++u) {
        const int64_t first = u % tiles * tile;
        f(u / tiles, first, std::min(tile, channels - first));
      }
    });
  }
};

/// Optional values of each channel.
template <class C>
const C* data_or_null(const Tensor& t) {
  return t.defined() ? t.data<C>() : nullptr;
}

/// inverse * weight, and bias, of a unit's channels.
template <class C>
struct Affine {
  std::vector<C> values;
  C *scale, *shift;

  Affine(const C* inverse, const C* weight, const C* bias, int64_t count)
      : values(static_cast<size_t>(2 * count)), scale(values.data()), shift(scale + count) {
    for (int64_t i = 0; i < count; ++i) {
      scale[i] = weight ? inverse[i] * weight[i] : inverse[i];
      shift[i] = bias ? bias[i] : C(0);
    }
  }
};

/// Turns the means of single channels about their first values, and their squared deviations, into
/// the mean, less the shift, and the inverse deviation of their groups.
template <class C, class T>
void finish_statistics(const Plan& p, double eps, const T* first, const C* shift, int64_t count,
                       C* mean, C* inverse) {
  const double rows = static_cast<double>(p.length), size = static_cast<double>(p.size);
  std::vector<double> centres(static_cast<size_t>(p.size));
  for (int64_t g = 0; g < count; g += p.size) {
    double centre = 0, squares = 0;
    for (int64_t i = 0; i < p.size; ++i) {
      double& m = centres[static_cast<size_t>(i)];
      m = static_cast<double>(first[g + i]) + static_cast<double>(mean[g + i]);
      if (shift) m += static_cast<double>(shift[g + i]);
      centre += m;
    }
    centre /= size;
    for (int64_t i = 0; i < p.size; ++i) {
      const double delta = centres[static_cast<size_t>(i)] - centre;
      squares += static_cast<double>(inverse[g + i]) + rows * delta * delta;
    }
    const auto scale = static_cast<C>(1 / std::sqrt(squares / (rows * size) + eps));
    for (int64_t i = g; i < g + p.size; ++i) {
      mean[i] = static_cast<C>(centre - (shift ? static_cast<double>(shift[i]) : 0.0));
      inverse[i] = scale;
    }
  }
}

template <bool silu, class T>
void normalize_unit(const Plan& p, int64_t count, const T* x, const Computed<T>* mean,
                    const Affine<Computed<T>>& affine, T* y) {
  const Tag<T> d;
  for_blocks<T>(p.length, count, [&](auto part, int64_t c, int64_t r, int64_t rows) HWY_ATTR {
    const auto m = part.get(mean + c);
    const auto scale = part.get(affine.scale + c), shift = part.get(affine.shift + c);
    for (int64_t k = r; k < r + rows; ++k) {
      const int64_t at = k * p.channels + c;
      __builtin_prefetch(x + at + kRows * p.channels);
      const auto z = hn::MulAdd(hn::Sub(part.get(x + at), m), scale, shift);
      part.put(silu ? hn::Mul(z, sigmoid_of(d, z)) : z, y + at);
    }
  });
}

void run_group_norm(const GroupNorm& norm, const Tensor& x, const Tensor& shift,
                    const Tensor& weight, const Tensor& bias, Tensor& mean, Tensor& inverse,
                    Tensor& y) {
  for_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    using C = Computed<T>;
    const Plan p(x, norm.groups);
    const T* from = x.data<T>();
    T* to = y.data<T>();
    C *means = mean.data<C>(), *inverses = inverse.data<C>();
    const C *s = data_or_null<C>(shift), *w = data_or_null<C>(weight), *b = data_or_null<C>(bias);
    p.for_units([&](int64_t sample, int64_t first, int64_t count) {
      const int64_t at = sample * p.length * p.channels + first, of = sample * p.channels + first;
      C *m = means + of, *v = inverses + of;
      column_moments(from + at, p.length, count, p.channels, m, v);
      finish_statistics(p, norm.eps, from + at, s ? s + of : nullptr, count, m, v);
      const Affine<C> affine(v, w ? w + first : nullptr, b ? b + first : nullptr, count);
      norm.silu ? normalize_unit<true>(p, count, from + at, m, affine, to + at)
                : normalize_unit<false>(p, count, from + at, m, affine, to + at);
    });
  });
}

/// Sums over the rows of one unit: of g, the gradient of the normalised z, and of g (x - mean).
template <class C>
struct Sums {
  double *g, *ge;       // results
  std::vector<C> part;  // of the last rows, both
  void flush(int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      g[i] += static_cast<double>(part[static_cast<size_t>(i)]);
      ge[i] += static_cast<double>(part[static_cast<size_t>(count + i)]);
    }
    std::fill(part.begin(), part.end(), C(0));
  }
};

/// With `silu`, g is also written to `kept` (unless null).
template <bool silu, class T>
void sum_unit(const Plan& p, int64_t count, const T* x, const T* dy, const Computed<T>* mean,
              const Affine<Computed<T>>& affine, T* kept, Sums<Computed<T>>& sums) {
  using C = Computed<T>;
  const Tag<T> d;
  const auto one = hn::Set(d, C(1));
  sums.part.assign(static_cast<size_t>(2 * count), C(0));
  C *of_g = sums.part.data(), *of_ge = of_g + count;
  for (int64_t begin = 0; begin < p.length; begin += kFlush) {
    const int64_t first = begin * p.channels;
    for_blocks<T>(std::min(kFlush, p.length - begin), count,
                  [&](auto part, int64_t c, int64_t r, int64_t rows) HWY_ATTR {
                    const auto m = part.get(mean + c);
                    const auto scale = part.get(affine.scale + c),
                               shift = part.get(affine.shift + c);
                    auto s = part.get(of_g + c), products = part.get(of_ge + c);
                    for (int64_t k = r; k < r + rows; ++k) {
                      const int64_t at = first + k * p.channels + c;
                      __builtin_prefetch(x + at + kRows * p.channels);
                      __builtin_prefetch(dy + at + kRows * p.channels);
                      const auto e = hn::Sub(part.get(x + at), m);
                      auto g = part.get(dy + at);
                      if constexpr (silu) {
                        const auto z = hn::MulAdd(e, scale, shift), t = sigmoid_of(d, z);
                        g = hn::Mul(g, hn::Mul(t, hn::MulAdd(z, hn::Sub(one, t), one)));
                        if (kept) part.put(g, kept + at);
                      }
                      s = hn::Add(s, g);
                      products = hn::MulAdd(g, e, products);
                    }
                    part.put(s, of_g + c);
                    part.put(products, of_ge + c);
                  });
    sums.flush(count);
  }
}

/// dx = scale g - b - c (x - mean), and the sums of dx over the rows.
template <class T>
void grad_unit(const Plan& p, int64_t count, const T* x, const T* g, const Computed<T>* mean,
               const Computed<T>* scale, const Computed<T>* b, const Computed<T>* c, T* dx,
               Computed<T>* dshift) {
  std::fill_n(dshift, count, Computed<T>(0));
  for_blocks<T>(p.length, count, [&](auto part, int64_t i, int64_t r, int64_t rows) HWY_ATTR {
    const auto m = part.get(mean + i), by = part.get(scale + i);
    const auto of_one = part.get(b + i), of_x = part.get(c + i);
    auto sum = hn::Zero(Tag<T>());
    for (int64_t k = r; k < r + rows; ++k) {
      const int64_t at = k * p.channels + i;
      __builtin_prefetch(x + at + kRows * p.channels);
      __builtin_prefetch(g + at + kRows * p.channels);
      const auto e = hn::Sub(part.get(x + at), m);
      const auto v = hn::NegMulAdd(of_x, e, hn::MulSub(by, part.get(g + at), of_one));
      part.put(v, dx + at);
      sum = hn::Add(sum, v);
    }
    part.put(hn::Add(part.get(dshift + i), sum), dshift + i);
  });
}

/// The coefficients b and c of dx, the same for the channels of a group.
template <class C>
void coefficients(const Plan& p, int64_t count, const C* inverse, const C* weight,
                  const Sums<C>& sums, C* b, C* c) {
  const double elements = static_cast<double>(p.length * p.size);
  for (int64_t g = 0; g < count; g += p.size) {
    double of_g = 0, of_ge = 0;
    for (int64_t i = g; i < g + p.size; ++i) {
      const double w = weight ? static_cast<double>(weight[i]) : 1;
      of_g += w * sums.g[i];
      of_ge += w * sums.ge[i];
    }
    const double s = static_cast<double>(inverse[g]);
    std::fill_n(b + g, p.size, static_cast<C>(s * of_g / elements));
    std::fill_n(c + g, p.size, static_cast<C>(s * s * s * of_ge / elements));
  }
}

/// sums and products: [samples, channels].
void run_group_norm_grad(const GroupNorm& norm, const Tensor& x, const Tensor& dy,
                         const Tensor& weight, const Tensor& bias, const Tensor& mean,
                         const Tensor& inverse, Tensor& dx, Tensor& dshift, double* of_g,
                         double* of_ge) {
  for_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    using C = Computed<T>;
    const Plan p(x, norm.groups);
    const T *from = x.data<T>(), *grad = dy.data<T>();
    T* to = dx.defined() ? dx.data<T>() : nullptr;
    C* to_shift = dshift.defined() ? dshift.data<C>() : nullptr;
    const C *means = mean.data<C>(), *inverses = inverse.data<C>();
    const C *w = data_or_null<C>(weight), *b = data_or_null<C>(bias);
    p.for_units([&](int64_t sample, int64_t first, int64_t count) {
      const int64_t at = sample * p.length * p.channels + first, of = sample * p.channels + first;
      const C* unit_weight = w ? w + first : nullptr;
      const Affine<C> affine(inverses + of, unit_weight, b ? b + first : nullptr, count);
      Sums<C> sums{of_g + of, of_ge + of, {}};
      T* kept = to ? to + at : nullptr;
      norm.silu ? sum_unit<true>(p, count, from + at, grad + at, means + of, affine, kept, sums)
                : sum_unit<false>(p, count, from + at, grad + at, means + of, affine, kept, sums);
      if (!to) return;
      std::vector<C> rest(static_cast<size_t>(3 * count));
      C *of_one = rest.data(), *of_x = of_one + count, *sum = of_x + count;
      coefficients(p, count, inverses + of, unit_weight, sums, of_one, of_x);
      grad_unit(p, count, from + at, norm.silu ? kept : grad + at, means + of, affine.scale, of_one,
                of_x, kept, sum);
      if (to_shift) std::copy_n(sum, count, to_shift + of);
    });
  });
}

}  // namespace
}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(run_group_norm);
HWY_EXPORT(run_group_norm_grad);

/// Gradients of weight and bias, summed over the samples in their order.
template <class C>
void weight_gradients(const Tensor& inverse, const std::vector<double>& of_g,
                      const std::vector<double>& of_ge, Tensor& dweight, Tensor& dbias) {
  const int64_t samples = inverse.shape()[0], channels = inverse.shape()[1];
  const C* s = inverse.data<C>();
  for (int64_t c = 0; c < channels; ++c) {
    double w = 0, b = 0;
    for (int64_t i = c; i < samples * channels; i += channels) {
      w += of_ge[static_cast<size_t>(i)] * static_cast<double>(s[i]);
      b += of_g[static_cast<size_t>(i)];
    }
    if (dweight.defined()) dweight.data<C>()[c] = static_cast<C>(w);
    if (dbias.defined()) dbias.data<C>()[c] = static_cast<C>(b);
  }
}

}  // namespace

void group_norm(Cpu cpu, const GroupNorm& norm, const Tensor& x, const Tensor& shift,
                const Tensor& weight, const Tensor& bias, Tensor& mean, Tensor& inverse,
                Tensor& y) {
  if (x.numel() == 0) {  // channels without pixels have gradients all the same
    fill(cpu, 0, mean);
    return fill(cpu, 0, inverse);
  }
  HWY_DYNAMIC_DISPATCH(run_group_norm)(norm, x, shift, weight, bias, mean, inverse, y);
}

void group_norm_grad(Cpu cpu, const GroupNorm& norm, const Tensor& x, const Tensor& dy,
                     const Tensor& weight, const Tensor& bias, const Tensor& mean,
                     const Tensor& inverse, GroupNormGrads& grads) {
  const auto n = static_cast<size_t>(mean.numel());
  std::vector<double> of_g(n), of_ge(n);
  Tensor dx = grads.dx;
  if (!dx.defined() && grads.dshift.defined()) dx = empty_like(x);
  if (x.numel() != 0) {
    HWY_DYNAMIC_DISPATCH(run_group_norm_grad)
    (norm, x, dy, weight, bias, mean, inverse, dx, grads.dshift, of_g.data(), of_ge.data());
  } else if (grads.dshift.defined()) {
    fill(cpu, 0, grads.dshift);
  }
  if (mean.dtype() == DType::f64) {
    weight_gradients<double>(inverse, of_g, of_ge, grads.dweight, grads.dbias);
  } else {
    weight_gradients<float>(inverse, of_g, of_ge, grads.dweight, grads.dbias);
  }
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
