#include "strata/kernels/machine.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>

#include "strata/base/parallel.h"
#include "strata/base/timer.h"
#include "strata/kernels/cpu/amx.h"
#include "strata/tensor/tensor.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/machine.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kChains = 10;  // two FMA units of four to five cycles each

/// `rounds` times kChains independent multiply-adds; returns their number of operations. The sum
/// goes to `sink`, so that nothing is optimised away.
double multiply_adds(int64_t rounds, float* sink) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const V a = hn::Set(d, 0.999f), b = hn::Set(d, 0.001f);
  // Each begins elsewhere: equal chains would be computed once.
  const auto start = [d](float x) HWY_ATTR { return hn::Set(d, 0.01f * x); };
  V c0 = start(0), c1 = start(1), c2 = start(2), c3 = start(3), c4 = start(4);
  V c5 = start(5), c6 = start(6), c7 = start(7), c8 = start(8), c9 = start(9);
  for (int64_t i = 0; i < rounds; ++i) {
    c0 = hn::MulAdd(c0, a, b);
    c1 = hn::MulAdd(c1, a, b);
    c2 = hn::MulAdd(c2, a, b);
    c3 = hn::MulAdd(c3, a, b);
    c4 = hn::MulAdd(c4, a, b);
    c5 = hn::MulAdd(c5, a, b);
    c6 = hn::MulAdd(c6, a, b);
    c7 = hn::MulAdd(c7, a, b);
    c8 = hn::MulAdd(c8, a, b);
    c9 = hn::MulAdd(c9, a, b);
  }
  c0 = hn::Add(hn::Add(hn::Add(c0, c1), hn::Add(c2, c3)), hn::Add(hn::Add(c4, c5), c6));
  c0 = hn::Add(hn::Add(c0, c7), hn::Add(c8, c9));
  *sink = hn::GetLane(c0);
  return 2.0 * kChains * static_cast<double>(rounds) * static_cast<double>(hn::Lanes(d));
}

/// Whether products of bf16 run on tile registers, which is up to this instruction set's kernels.
bool multiplies_bf16() { return HWY_TARGET <= HWY_AVX3 && amx::is_usable(); }

/// Sum of n floats, n a multiple of 64: four streams, which bring more than one.
float sum_of(const float* p, int64_t n) {
  const hn::ScalableTag<float> d;
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  const int64_t part = n / 4;
  auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  for (int64_t i = 0; i < part; i += step) {
    s0 = hn::Add(s0, hn::LoadU(d, p + i));
    s1 = hn::Add(s1, hn::LoadU(d, p + i + part));
    s2 = hn::Add(s2, hn::LoadU(d, p + i + 2 * part));
    s3 = hn::Add(s3, hn::LoadU(d, p + i + 3 * part));
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace strata::kernels {

HWY_EXPORT(multiply_adds);
HWY_EXPORT(multiplies_bf16);
HWY_EXPORT(sum_of);

namespace {

constexpr int64_t kFloats = int64_t{32} << 20;  // 128 MiB: beyond any cache
constexpr int64_t kChunk = int64_t{1} << 18;

/// The best rate of several runs of `f`, which returns the amount done.
template <class F>
double best_rate(double seconds, F&& f) {
  double best = 0;
  const Timer all;
  do {
    const Timer timer;
    const double amount = f();
    best = std::max(best, amount / timer.seconds());
  } while (all.seconds() < seconds);
  return best;
}

/// The best rate of all threads together, each of which runs f(thread number).
template <class F>
double peak_gflops(double seconds, F&& f) {
  const int threads = thread_count();
  return 1e-9 * best_rate(seconds, [&] {
           std::vector<double> done(static_cast<size_t>(threads) * 8);
           parallel_chunks(threads, [&](int64_t t) { done[static_cast<size_t>(t) * 8] = f(t); });
           double sum = 0;
           for (double d : done) sum += d;
           return sum;
         });
}

}  // namespace

double peak_f32_gflops(double seconds) {
  std::vector<float> sinks(static_cast<size_t>(thread_count()) * 16);
  return peak_gflops(seconds, [&](int64_t t) {
    return HWY_DYNAMIC_DISPATCH(multiply_adds)(400000, &sinks[static_cast<size_t>(t) * 16]);
  });
}

double peak_bf16_gflops(double seconds) {
  if (!has_native_bf16()) return peak_f32_gflops(seconds);
  return peak_gflops(seconds, [](int64_t) { return amx::multiply_adds(100000); });
}

double copy_gbs(double seconds) {
  Tensor from = empty({kFloats}), to = empty({kFloats});
  const auto run = [&] {
    const float* p = from.data<float>();
    float* q = to.data<float>();
    parallel_for(kFloats, kChunk, [&](int64_t begin, int64_t end) {
      std::memcpy(q + begin, p + begin, static_cast<size_t>(end - begin) * sizeof(float));
    });
    return 2e-9 * static_cast<double>(kFloats) * sizeof(float);
  };
  std::memset(from.raw(), 0, static_cast<size_t>(kFloats) * sizeof(float));
  run();
  return best_rate(seconds, run);
}

double read_gbs(double seconds, int64_t bytes) {
  const int64_t chunks =
      std::max<int64_t>(1, bytes / (kChunk * static_cast<int64_t>(sizeof(float))));
  Tensor from = empty({chunks * kChunk});
  std::memset(from.raw(), 0, static_cast<size_t>(chunks * kChunk) * sizeof(float));
  return best_rate(seconds, [&] {
    const float* p = from.data<float>();
    parallel_chunks(chunks, [&](int64_t i) {
      volatile float sink = HWY_DYNAMIC_DISPATCH(sum_of)(p + i * kChunk, kChunk);
      (void)sink;
    });
    return 1e-9 * static_cast<double>(chunks * kChunk) * sizeof(float);
  });
}

std::string instruction_set() {
  const int64_t best = hwy::SupportedTargets() & compiled_instruction_sets();
  return hwy::TargetName(best & -best);
}

int64_t compiled_instruction_sets() { return HWY_TARGETS; }

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const size_t at = line.find(':');
    if (line.starts_with("model name") && at + 2 < line.size()) return line.substr(at + 2);
  }
  return "unknown";
}

bool has_native_bf16() { return HWY_DYNAMIC_DISPATCH(multiplies_bf16)(); }

}  // namespace strata::kernels

#endif  // HWY_ONCE
