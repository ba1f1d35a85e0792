#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/axes.h"
#include "strata/kernels/moments.h"
#include "strata/kernels/normalize.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/normalize_channels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include "strata/kernels/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace {

constexpr int64_t kChunk = 16384;  // elements that are a unit of work
constexpr int64_t kTile = 512;     // columns whose sums stay in L1
constexpr int64_t kWide = 256;     // fewer channels: several rows are read as one

/// K vectors of one value a channel, repeated over rows that are read as one.
template <class C, size_t K>
class PerChannel {
 public:
  PerChannel(const std::array<const C*, K>& from, int64_t at, int64_t channels) {
    const int64_t width = cpu::rows_in_one(channels, kWide) * channels;
    for (size_t k = 0; k < K; ++k) {
      at_[k] = from[k] + at;
      if (width == channels) continue;
      for (int64_t i = 0; i < width; ++i) wide_[k][i] = at_[k][i % channels];
      at_[k] = wide_[k];
    }
  }
  const C* operator[](size_t k) const { return at_[k]; }

 private:
  std::array<const C*, K> at_;
  HWY_ALIGN C wide_[K][kWide];
};

/// Calls f(position, count, values of the channels from there on) on runs of elements that together
/// cover an array [outer, length, inner] of `inner` channels.
template <class C, size_t K, class F>
void for_channels(const cpu::Run& run, const std::array<const C*, K>& values, F f) {
  const int64_t width = cpu::rows_in_one(run.inner, kWide) * run.inner;
  const int64_t all = run.length * run.inner;
  const int64_t unit = std::max<int64_t>(1, kChunk / width) * width;
  const int64_t units = (all + unit - 1) / unit;
  const int64_t grain = std::max<int64_t>(1, kChunk / std::max<int64_t>(1, std::min(all, unit)));
  parallel_for(run.outer * units, grain, [&](int64_t first, int64_t last) {
    for (int64_t u = first; u < last; ++u) {
      const int64_t sample = u / units, begin = u % units * unit;
      const PerChannel<C, K> here(values, sample * run.inner, run.inner);
      for (int64_t at = begin; at < std::min(all, begin + unit); at += width) {
        f(sample * all + at, std::min(width, all - at), here);
      }
    }
    hwy::FlushStream();
  });
}

/// A divisor of the positions at which for_channels() calls f.
int64_t whole_row(const cpu::Run& run) {
  return std::gcd(cpu::rows_in_one(run.inner, kWide) * run.inner, run.length * run.inner);
}

template <bool relu, class T>
void norm_channels(const cpu::Run& run, const std::array<const Computed<T>*, 3>& values, const T* x,
                   T* y) {
  const Tag<T> d;
  const int64_t row = whole_row(run);
  const Writer<T> write(y, run.outer * run.length * run.inner, row);
  for_channels(run, values, [=](int64_t at, int64_t n, const auto& c) {
    const T* from = x + at;
    T* to = y + at;
    const auto f = [](auto v, auto mean, auto scale, auto shift) HWY_ATTR {
      const auto z = hn::MulAdd(hn::Sub(v, mean), scale, shift);
      return relu ? hn::Max(hn::Zero(Tag<T>()), z) : z;
    };
    for_lanes(
        d, n,
        [&](int64_t i) HWY_ATTR {
          const auto v = load_in_sequence(d, from + i);
          write(d, f(v, load(d, c[0] + i), load(d, c[1] + i), load(d, c[2] + i)), to + i);
        },
        [&](int64_t i, int64_t r) HWY_ATTR {
          store_n(d,
                  f(load_n(d, from + i, r, 0), load_n(d, c[0] + i, r, 0), load_n(d, c[1] + i, r, 0),
                    load_n(d, c[2] + i, r, 0)),
                  to + i, r);
        });
  });
}

/// The gradient behind the fused ReLU: g where its input (x - mean) scale + shift is positive.
template <bool relu, class D, class V>
HWY_INLINE V behind_relu(D d, V g, V centred, V scale, V shift) {
  if constexpr (!relu) return g;
  return hn::IfThenElseZero(hn::Gt(hn::MulAdd(centred, scale, shift), hn::Zero(d)), g);
}

/// values: mean, a, b, c, scale, shift. dx = a g - b - c (x - mean).
template <bool relu, class T>
void norm_channels_grad(const cpu::Run& run, const std::array<const Computed<T>*, 6>& values,
                        const T* x, const T* dy, T* dx) {
  const Tag<T> d;
  const int64_t row = whole_row(run);
  const Writer<T> write(dx, run.outer * run.length * run.inner, row);
  for_channels(run, values, [=](int64_t at, int64_t n, const auto& c) {
    const T *from = x + at, *grad = dy + at;
    T* to = dx + at;
    const auto f = [](auto v, auto g, auto value) HWY_ATTR {
      const auto e = hn::Sub(v, value(0));
      g = behind_relu<relu>(Tag<T>(), g, e, value(4), value(5));
      return hn::NegMulAdd(value(3), e, hn::MulSub(value(1), g, value(2)));
    };
    for_lanes(
        d, n,
        [&](int64_t i) HWY_ATTR {
          const auto value = [&](size_t k) HWY_ATTR { return load(d, c[k] + i); };
          write(d, f(load_in_sequence(d, from + i), load_in_sequence(d, grad + i), value), to + i);
        },
        [&](int64_t i, int64_t r) HWY_ATTR {
          const auto value = [&](size_t k) HWY_ATTR { return load_n(d, c[k] + i, r, 0); };
          store_n(d, f(load_n(d, from + i, r, 0), load_n(d, grad + i, r, 0), value), to + i, r);
        });
  });
}

/// Adds the sums of g and of g (x - mean) over `rows` rows, `stride` apart, 8 rows at a time.
template <bool relu, class T, class Channels>
void add_sums(const T* x, const T* dy, int64_t rows, int64_t columns, int64_t stride,
              const Channels& c, int64_t first, Computed<T>* sums, Computed<T>* products) {
  constexpr int64_t kRows = 8;
  const Tag<T> d;
  for (int64_t r = 0; r < rows; r += kRows) {
    const int64_t count = std::min(kRows, rows - r);
    const auto f = [&](auto& sum, auto& product, auto mean, auto scale, auto shift,
                       auto at) HWY_ATTR {
      auto s = hn::Zero(d), p = hn::Zero(d);
      for (int64_t k = 0; k < count; ++k) {
        const auto e = hn::Sub(at(x, (r + k) * stride), mean);
        const auto g = behind_relu<relu>(d, at(dy, (r + k) * stride), e, scale, shift);
        s = hn::Add(s, g);
        p = hn::MulAdd(g, e, p);
      }
      sum = hn::Add(sum, s);
      product = hn::Add(product, p);
    };
    for_lanes(
        d, columns,
        [&](int64_t i) HWY_ATTR {
          auto s = load(d, sums + i), p = load(d, products + i);
          f(s, p, load(d, c[0] + first + i), load(d, c[1] + first + i), load(d, c[2] + first + i),
            [&](const T* from, int64_t at) HWY_ATTR { return load_in_sequence(d, from + at + i); });
          store(d, s, sums + i);
          store(d, p, products + i);
        },
        [&](int64_t i, int64_t n) HWY_ATTR {
          auto s = load_n(d, sums + i, n, 0), p = load_n(d, products + i, n, 0);
          f(s, p, load_n(d, c[0] + first + i, n, 0), load_n(d, c[1] + first + i, n, 0),
            load_n(d, c[2] + first + i, n, 0),
            [&](const T* from, int64_t at) HWY_ATTR { return load_n(d, from + at + i, n, 0); });
          store_n(d, s, sums + i, n);
          store_n(d, p, products + i, n);
        });
  }
}

/// values: mean, scale, shift. Sums over the rows of each sample, in fixed chunks merged in order.
template <bool relu, class T>
void sum_channels(const cpu::Run& run, const std::array<const Computed<T>*, 3>& values, const T* x,
                  const T* dy, double* sums, double* products) {
  using C = Computed<T>;
  if (run.inner == 0) return;
  const int64_t channels = run.inner, group = cpu::rows_in_one(channels, kWide),
                width = group * channels;
  const int64_t tile = std::min(channels, kTile), tiles = (channels + tile - 1) / tile;
  const int64_t rows = std::max<int64_t>(64, kChunk / tile);  // of a unit
  const int64_t chunks = (run.length + rows - 1) / rows;
  std::vector<double> parts(static_cast<size_t>(2 * run.outer * chunks * channels));
  parallel_for(run.outer * chunks * tiles, 1, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; ++u) {
      const int64_t o = u / (chunks * tiles), k = u / tiles % chunks, first = u % tiles * tile;
      const int64_t count = std::min(rows, run.length - k * rows);
      const int64_t at = (o * run.length + k * rows) * channels + first;
      const int64_t here = std::min(tile, channels - first);
      const PerChannel<C, 3> c(values, o * channels, channels);
      C s[kTile] = {}, p[kTile] = {};
      if (group == 1) {
        add_sums<relu>(x + at, dy + at, count, here, channels, c, first, s, p);
      } else {
        const int64_t whole = count / group, done = at + whole * width;
        add_sums<relu>(x + at, dy + at, whole, width, width, c, 0, s, p);
        add_sums<relu>(x + done, dy + done, 1, count % group * channels, 0, c, 0, s, p);
      }
      double* part = parts.data() + 2 * (o * chunks + k) * channels + first;
      for (int64_t i = 0; i < (group == 1 ? here : width); ++i) {
        part[i % channels] += static_cast<double>(s[i]);
        part[i % channels + channels] += static_cast<double>(p[i]);
      }
    }
  });
  for (int64_t i = 0; i < run.outer * channels; ++i) {
    const double* part = parts.data() + i / channels * chunks * 2 * channels;
    sums[i] = products[i] = 0;
    for (int64_t k = 0; k < chunks; ++k) {
      sums[i] += part[k * 2 * channels + i % channels];
      products[i] += part[(k * 2 + 1) * channels + i % channels];
    }
  }
}

cpu::Run run_of_channels(const Tensor& x) { return {x.shape()[0], x.shape()[1], x.shape()[2]}; }

void run_norm(bool relu, const Tensor& x, const Tensor& mean, const Tensor& scale,
              const Tensor& shift, Tensor& y) {
  for_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    using C = Computed<T>;
    const std::array<const C*, 3> c = {mean.data<C>(), scale.data<C>(), shift.data<C>()};
    const cpu::Run run = run_of_channels(x);
    relu ? norm_channels<true>(run, c, x.data<T>(), y.data<T>())
         : norm_channels<false>(run, c, x.data<T>(), y.data<T>());
  });
}

void run_sums(bool relu, const Tensor& x, const Tensor& dy, const Tensor& mean, const Tensor& scale,
              const Tensor& shift, double* sums, double* products) {
  for_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    using C = Computed<T>;
    const std::array<const C*, 3> c = {mean.data<C>(), scale.data<C>(), shift.data<C>()};
    const cpu::Run run = run_of_channels(x);
    relu ? sum_channels<true>(run, c, x.data<T>(), dy.data<T>(), sums, products)
         : sum_channels<false>(run, c, x.data<T>(), dy.data<T>(), sums, products);
  });
}

/// abc: [3, samples, channels].
void run_grad(bool relu, const Tensor& x, const Tensor& dy, const Tensor& mean, const Tensor& abc,
              const Tensor& scale, const Tensor& shift, Tensor& dx) {
  for_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    using C = Computed<T>;
    const C* a = abc.data<C>();
    const int64_t n = mean.numel();
    const std::array<const C*, 6> c = {mean.data<C>(), a, a + n, a + 2 * n, scale.data<C>(),
                                       shift.data<C>()};
    const cpu::Run run = run_of_channels(x);
    relu ? norm_channels_grad<true>(run, c, x.data<T>(), dy.data<T>(), dx.data<T>())
         : norm_channels_grad<false>(run, c, x.data<T>(), dy.data<T>(), dx.data<T>());
  });
}

}  // namespace
}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(run_norm);
HWY_EXPORT(run_sums);
HWY_EXPORT(run_grad);

/// Calls f(zero) with the type of a statistic.
template <class F>
void for_statistic(const Tensor& t, F f) {
  if (t.dtype() == DType::f64) {
    f(double{});
  } else {
    f(float{});
  }
}

/// scale = inverse weight and shift = bias, both [samples, channels].
struct Affine {
  Tensor scale, shift;

  Affine(const Tensor& inverse, const Tensor& weight, const Tensor& bias)
      : scale(empty_like(inverse)), shift(empty_like(inverse)) {
    for_statistic(inverse, [&](auto zero) {
      using C = decltype(zero);
      const C* s = inverse.data<C>();
      const C* w = weight.defined() ? weight.data<C>() : nullptr;
      const C* b = bias.defined() ? bias.data<C>() : nullptr;
      const int64_t channels = inverse.shape().back();
      C *to_scale = scale.data<C>(), *to_shift = shift.data<C>();
      for (int64_t i = 0; i < inverse.numel(); ++i) {
        to_scale[i] = w ? s[i] * w[i % channels] : s[i];
        to_shift[i] = b ? b[i % channels] : C(0);
      }
    });
  }
};

/// The coefficients of dx = a g - b - c (x - mean), [3, samples, channels], from the sums of g and
/// of g (x - mean).
template <class C>
void gradient_coefficients(bool constant, int64_t count, const Tensor& inverse, const C* weight,
                           const std::vector<double>& sums, const std::vector<double>& products,
                           C* abc) {
  const int64_t channels = inverse.shape().back(), n = inverse.numel();
  const double elements = static_cast<double>(count);
  const C* s = inverse.data<C>();
  for (int64_t i = 0; i < n; ++i) {
    const double scale = static_cast<double>(s[i]);
    const double w = weight ? static_cast<double>(weight[i % channels]) : 1;
    const double of_g = w * sums[static_cast<size_t>(i)],
                 of_gx = w * products[static_cast<size_t>(i)];
    abc[i] = static_cast<C>(w * scale);
    abc[n + i] = static_cast<C>(constant ? 0 : scale * of_g / elements);
    abc[2 * n + i] = static_cast<C>(constant ? 0 : scale * scale * scale * of_gx / elements);
  }
}

template <class C>
void weight_gradients(const Tensor& inverse, const std::vector<double>& sums,
                      const std::vector<double>& products, Tensor& dweight, Tensor& dbias) {
  const int64_t channels = inverse.shape().back(), samples = inverse.shape()[0];
  const C* s = inverse.data<C>();
  for (int64_t c = 0; c < channels; ++c) {
    double w = 0, b = 0;
    for (int64_t i = c; i < samples * channels; i += channels) {
      w += products[static_cast<size_t>(i)] * static_cast<double>(s[i]);
      b += sums[static_cast<size_t>(i)];
    }
    if (dweight.defined()) dweight.data<C>()[c] = static_cast<C>(w);
    if (dbias.defined()) dbias.data<C>()[c] = static_cast<C>(b);
  }
}

}  // namespace

void channel_statistics(Cpu, const Tensor& x, Tensor& mean, Tensor& variance) {
  const int64_t samples = x.shape()[0], channels = x.shape()[2];
  const Strides strides = contiguous_strides({samples, 1, channels});
  Tensor m = mean.as_strided({samples, 1, channels}, strides, mean.offset());
  Tensor s = variance.as_strided({samples, 1, channels}, strides, variance.offset());
  moments(Cpu{}, x, m, s);
  for_statistic(mean, [&](auto zero) {
    using C = decltype(zero);
    const double count = static_cast<double>(x.shape()[1]);
    C* v = variance.data<C>();
    for (int64_t i = 0; i < samples * channels; ++i) {
      v[i] = static_cast<C>(static_cast<double>(v[i]) / count);
    }
  });
}

void invert_variance(Cpu, double eps, const Tensor& variance, Tensor& inverse) {
  for_statistic(inverse, [&](auto zero) {
    using C = decltype(zero);
    const C* v = variance.data<C>();
    C* y = inverse.data<C>();
    for (int64_t i = 0; i < inverse.numel(); ++i) {
      y[i] = static_cast<C>(1 / std::sqrt(static_cast<double>(v[i]) + eps));
    }
  });
}

void update_running(Cpu, double momentum, int64_t count, const Tensor& mean, const Tensor& variance,
                    Tensor& running_mean, Tensor& running_var) {
  const double unbiased = static_cast<double>(count) / static_cast<double>(count - 1);
  for_statistic(running_mean, [&](auto zero) {
    using R = decltype(zero);
    for_statistic(mean, [&](auto other) {
      using C = decltype(other);
      const auto move = [&](Tensor& running, const Tensor& to, double factor) {
        R* r = running.data<R>();
        const C* t = to.data<C>();
        for (int64_t i = 0; i < running.numel(); ++i) {
          r[i] = static_cast<R>((1 - momentum) * static_cast<double>(r[i]) +
                                momentum * factor * static_cast<double>(t[i]));
        }
      };
      move(running_mean, mean, 1);
      move(running_var, variance, unbiased);
    });
  });
}

void channel_norm(Cpu, const ChannelNorm& norm, const Tensor& x, const Tensor& weight,
                  const Tensor& bias, const Tensor& mean, const Tensor& inverse, Tensor& y) {
  if (x.numel() == 0) return;
  const Affine affine(inverse, weight, bias);
  HWY_DYNAMIC_DISPATCH(run_norm)(norm.relu, x, mean, affine.scale, affine.shift, y);
}

void channel_norm_grad(Cpu, const ChannelNorm& norm, bool constant, const Tensor& x,
                       const Tensor& dy, const Tensor& weight, const Tensor& bias,
                       const Tensor& mean, const Tensor& inverse, Tensor& dx, Tensor& dweight,
                       Tensor& dbias) {
  const Affine affine(inverse, weight, bias);
  const auto n = static_cast<size_t>(mean.numel());
  std::vector<double> sums(n), products(n);
  if (!constant || dweight.defined() || dbias.defined()) {
    HWY_DYNAMIC_DISPATCH(run_sums)
    (norm.relu, x, dy, mean, affine.scale, affine.shift, sums.data(), products.data());
  }
  for_statistic(mean, [&](auto zero) {
    using C = decltype(zero);
    weight_gradients<C>(inverse, sums, products, dweight, dbias);
    if (!dx.defined() || x.numel() == 0) return;
    Tensor abc = empty({3, mean.shape()[0], mean.shape()[1]}, mean.dtype());
    gradient_coefficients(constant, x.shape()[1], inverse,
                          weight.defined() ? weight.data<C>() : nullptr, sums, products,
                          abc.data<C>());
    HWY_DYNAMIC_DISPATCH(run_grad)
    (norm.relu, x, dy, mean, abc, affine.scale, affine.shift, dx);
  });
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
