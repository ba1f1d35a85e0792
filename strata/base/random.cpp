#include "strata/base/random.h"

#include <cmath>
#include <numbers>

#include "strata/base/error.h"

namespace strata {

std::array<uint32_t, 4> philox(uint64_t seed, uint64_t stream, uint64_t index) {
  constexpr uint64_t kMul0 = 0xD2511F53u, kMul1 = 0xCD9E8D57u;
  constexpr uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;
  auto k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  auto c0 = static_cast<uint32_t>(index), c1 = static_cast<uint32_t>(index >> 32);
  auto c2 = static_cast<uint32_t>(stream), c3 = static_cast<uint32_t>(stream >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = kMul0 * c0, p1 = kMul1 * c2;
    c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(p1);
    c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(p0);
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  return {c0, c1, c2, c3};
}

uint64_t Generator::next_u64() {
  const auto r = philox(seed, next_stream(), 0);
  return (static_cast<uint64_t>(r[0]) << 32) | r[1];
}

double Generator::uniform() { return static_cast<double>(next_u64() >> 11) * 0x1p-53; }

uint64_t Generator::below(uint64_t n) {
  if (n == 0) throw ValueError("below", "there is no integer in [0, 0)");
  const uint64_t limit = n * (UINT64_MAX / n);  // reject the uneven tail
  uint64_t x = next_u64();
  while (x >= limit) x = next_u64();
  return x % n;
}

double Generator::normal() {
  const double u = 1.0 - uniform();
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * uniform());
}

Generator& default_generator() {
  thread_local Generator generator;
  return generator;
}

void manual_seed(uint64_t seed) { default_generator() = Generator(seed); }

}  // namespace strata
