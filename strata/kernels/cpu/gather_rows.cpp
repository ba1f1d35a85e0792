#include "strata/kernels/gather_rows.h"

#include <algorithm>
#include <cstring>

#include "strata/base/parallel.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/gather_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// 1 / 255 in two parts. A byte times the first, of 9 bits, is exact, so that the sum of both
// products is rounded once: it equals x / 255 for all 256 bytes, at a third of a division's cost.
constexpr float kHigh = 0x1.01p-8f;
constexpr float kLow = static_cast<float>(1.0 / 255 - 0x1.01p-8);

void unit_row(const uint8_t* x, int64_t n, float* y) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<int32_t, decltype(d)> d32;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto high = hn::Set(d, kHigh), low = hn::Set(d, kLow);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto v = hn::ConvertTo(d, hn::PromoteTo(d32, hn::LoadU(d8, x + i)));
    hn::StoreU(hn::MulAdd(v, high, hn::Mul(v, low)), d, y + i);
  }
  for (; i < n; ++i) y[i] = static_cast<float>(x[i]) / 255.0f;
}

}  // namespace
}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(unit_row);

constexpr int64_t kBytesPerThread = 2 << 20;  // below, waking another thread costs more
constexpr int64_t kLine = 64;
constexpr int64_t kAhead = 2;         // rows; random rows miss every cache
constexpr int64_t kMostAhead = 4096;  // bytes of a row: further on the processor looks ahead itself

void prefetch(const char* row, int64_t bytes) {
  for (int64_t at = 0; at < std::min(bytes, kMostAhead); at += kLine) __builtin_prefetch(row + at);
}

}  // namespace

void gather_rows(Cpu, const Tensor& x, std::span<const int64_t> rows, Tensor& y) {
  const auto count = static_cast<int64_t>(rows.size());
  if (y.numel() == 0) return;
  const int64_t elements = y.numel() / count;
  const int64_t in_bytes = elements * size_of(x.dtype());
  const int64_t out_bytes = elements * size_of(y.dtype());
  const bool to_unit = x.dtype() == DType::u8 && y.dtype() == DType::f32;
  const auto* from = static_cast<const char*>(x.raw());
  auto* to = static_cast<char*>(y.raw());
  const auto row = [&](int64_t i) { return from + rows[static_cast<size_t>(i)] * in_bytes; };
  const int64_t grain = std::max<int64_t>(1, kBytesPerThread / out_bytes);
  parallel_for(count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (i + kAhead < end) prefetch(row(i + kAhead), in_bytes);
      char* out = to + i * out_bytes;
      if (to_unit) {
        HWY_DYNAMIC_DISPATCH(unit_row)
        (reinterpret_cast<const uint8_t*>(row(i)), elements, reinterpret_cast<float*>(out));
      } else {
        std::memcpy(out, row(i), static_cast<size_t>(in_bytes));
      }
    }
  });
}

}  // namespace strata::kernels
#endif
