#include "strata/kernels/dropout.h"

#include <algorithm>
#include <array>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/convert.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/dropout.cpp"
#include <hwy/foreach_target.h>
#include "strata/kernels/cpu/philox-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

/// Ones where an element stays, zeros where it goes.
struct Mask {
  uint32_t threshold;

  template <class D, class V>
  HWY_INLINE Pair<hn::Vec<D>> operator()(D d, V even, V odd) const {
    const hn::RebindToUnsigned<D> du;
    const auto bound = hn::Set(du, threshold);
    const auto one = hn::Set(d, 1.0f);
    return {hn::IfThenElseZero(hn::RebindMask(d, hn::Not(hn::Gt(bound, even))), one),
            hn::IfThenElseZero(hn::RebindMask(d, hn::Not(hn::Gt(bound, odd))), one)};
  }
};

void fill_mask(uint64_t seed, uint64_t stream, int64_t first, int64_t n, uint32_t threshold,
               float* out) {
  philox_fill(seed, stream, first, n, out, Mask{threshold});
}

void multiply(const float* x, const float* mask, float scale, int64_t n, float* y) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto factor = hn::Set(d, scale);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::StoreU(hn::Mul(hn::LoadU(d, x + i), hn::Mul(hn::LoadU(d, mask + i), factor)), d, y + i);
  }
  for (; i < n; ++i) y[i] = x[i] * (mask[i] * scale);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(fill_mask);
HWY_EXPORT(multiply);

constexpr int64_t kGrain = 8192;
constexpr int64_t kBuffer = 1024;  // elements whose mask is made at a time

using Buffer = std::array<float, kBuffer>;

/// Calls apply(first, n, mask) for pieces of [0, n).
template <class Apply>
void with_mask(int64_t n, uint64_t seed, uint64_t stream, uint32_t threshold, Apply apply) {
  parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
    Buffer mask;
    for (int64_t i = begin; i < end; i += kBuffer) {
      const int64_t count = std::min(kBuffer, end - i);
      HWY_DYNAMIC_DISPATCH(fill_mask)(seed, stream, i, count, threshold, mask.data());
      apply(i, count, mask.data());
    }
  });
}

}  // namespace

void dropout(Cpu, const Tensor& x, uint64_t seed, uint64_t stream, uint32_t threshold, double scale,
             Tensor& y) {
  const int64_t n = x.numel();
  const auto factor = static_cast<float>(scale);
  if (x.dtype() == DType::f64) {
    const auto* in = x.data<double>();
    auto* out = y.data<double>();
    with_mask(n, seed, stream, threshold, [&](int64_t first, int64_t count, const float* mask) {
      for (int64_t i = 0; i < count; ++i) {
        out[first + i] = in[first + i] * (static_cast<double>(mask[i]) * scale);
      }
    });
  } else if (x.dtype() == DType::f32) {
    const auto* in = x.data<float>();
    auto* out = y.data<float>();
    with_mask(n, seed, stream, threshold, [&](int64_t first, int64_t count, const float* mask) {
      HWY_DYNAMIC_DISPATCH(multiply)(in + first, mask, factor, count, out + first);
    });
  } else {
    const auto load = cpu::load_from<float>(x.dtype());
    const auto store = cpu::store_to<float>(x.dtype());
    const auto* in = static_cast<const uint16_t*>(x.raw());  // bf16 or f16
    auto* out = static_cast<uint16_t*>(y.raw());
    with_mask(n, seed, stream, threshold, [&](int64_t first, int64_t count, const float* mask) {
      Buffer values;
      load(in + first, 1, values.data(), count);
      HWY_DYNAMIC_DISPATCH(multiply)(values.data(), mask, factor, count, values.data());
      store(values.data(), out + first, 1, count);
    });
  }
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
