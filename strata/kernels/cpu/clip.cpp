#include "strata/kernels/clip.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "strata/kernels/cpu/sweep.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/clip.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Sum of squares in f64: with f32 nothing overflows and the rounding does not show.
template <class T>
double chunk_squares(const T* x, int64_t n) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<T, decltype(d)> from;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto load = [&](int64_t i) HWY_ATTR {
    if constexpr (std::is_same_v<T, double>) {
      return hn::LoadU(d, x + i);
    } else {
      return hn::PromoteTo(d, hn::LoadU(from, x + i));
    }
  };
  auto a = hn::Zero(d), b = a, c = a, e = a;
  int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    const auto p = load(i), q = load(i + lanes), r = load(i + 2 * lanes), s = load(i + 3 * lanes);
    a = hn::MulAdd(p, p, a);
    b = hn::MulAdd(q, q, b);
    c = hn::MulAdd(r, r, c);
    e = hn::MulAdd(s, s, e);
  }
  const auto all = hn::SumOfLanes(d, hn::Add(hn::Add(a, b), hn::Add(c, e)));
  double total = hn::GetLane(all);
  for (; i < n; ++i) total += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return total;
}

template <class T>
double chunk_largest(const T* x, int64_t n) {
  T largest = 0;
  for (int64_t i = 0; i < n; ++i) {
    const T v = std::abs(x[i]);
    largest = v > largest || std::isnan(v) ? v : largest;
  }
  return static_cast<double>(largest);
}

template <class T>
double chunk_power_sum(double order, const T* x, int64_t n) {
  if (order == 2) return chunk_squares(x, n);
  if (std::isinf(order)) return chunk_largest(x, n);
  double total = 0;
  for (int64_t i = 0; i < n; ++i) total += std::pow(std::abs(static_cast<double>(x[i])), order);
  return total;
}

double power_sum_of_chunk(DType dtype, double order, const void* data, int64_t begin, int64_t n) {
  if (dtype == DType::f64)
    return chunk_power_sum(order, static_cast<const double*>(data) + begin, n);
  return chunk_power_sum(order, static_cast<const float*>(data) + begin, n);
}

// The two below are left to the compiler, once for each instruction set.
template <class T>
void scale_range(T factor, T* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] *= factor;
}

void scale_chunk(DType dtype, double factor, void* data, int64_t begin, int64_t n) {
  if (dtype == DType::f64) return scale_range(factor, static_cast<double*>(data) + begin, n);
  scale_range(static_cast<float>(factor), static_cast<float*>(data) + begin, n);
}

template <class T>
void clamp_range(T limit, T* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const T above = x[i] < -limit ? -limit : x[i];
    x[i] = above > limit ? limit : above;
  }
}

void clamp_chunk(DType dtype, double limit, void* data, int64_t begin, int64_t n) {
  if (dtype == DType::f64) return clamp_range(limit, static_cast<double*>(data) + begin, n);
  clamp_range(static_cast<float>(limit), static_cast<float*>(data) + begin, n);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {

HWY_EXPORT(power_sum_of_chunk);
HWY_EXPORT(scale_chunk);
HWY_EXPORT(clamp_chunk);

double power_sum(Cpu, DType dtype, double order, std::span<const ArrayPart> parts) {
  std::vector<double> sums(static_cast<size_t>(count_sweep_chunks(parts)));
  for_sweep_chunks(parts, [&](const SweepChunk& c) {
    sums[static_cast<size_t>(c.number)] = HWY_DYNAMIC_DISPATCH(power_sum_of_chunk)(
        dtype, order, parts[c.part].data, c.begin, c.end - c.begin);
  });
  double total = 0;
  for (const double s : sums) {
    if (!std::isinf(order)) {
      total += s;
    } else if (s > total || std::isnan(s)) {
      total = s;
    }
  }
  return total;
}

void scale(Cpu, DType dtype, double factor, std::span<const ArrayPart> parts) {
  for_sweep_chunks(parts, [&](const SweepChunk& c) {
    HWY_DYNAMIC_DISPATCH(scale_chunk)
    (dtype, factor, parts[c.part].data, c.begin, c.end - c.begin);
  });
}

void clamp(Cpu, DType dtype, double limit, std::span<const ArrayPart> parts) {
  for_sweep_chunks(parts, [&](const SweepChunk& c) {
    HWY_DYNAMIC_DISPATCH(clamp_chunk)
    (dtype, limit, parts[c.part].data, c.begin, c.end - c.begin);
  });
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
