#pragma once

#include <array>
#include <cstdint>

namespace strata {

/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): the 128
/// random bits of counter (`stream`, `index`) under key `seed`. A pure function, so that any thread
/// can make any part of a sequence.
std::array<uint32_t, 4> philox(uint64_t seed, uint64_t stream, uint64_t index);

/// A stream of random numbers. Its whole state is two integers: copy them to save it, set them to
/// resume. Each op that draws takes one `stream` number, then addresses its elements by counter.
struct Generator {
  uint64_t seed = 0;
  uint64_t stream = 0;

  explicit Generator(uint64_t seed_ = 0) : seed(seed_) {}

  /// A fresh stream number for one bulk draw.
  uint64_t next_stream() { return stream++; }
  /// 64 random bits (one stream number each).
  uint64_t next_u64();
  /// Uniform in [0, 1) with 53 bits.
  double uniform();
  /// Uniform integer in [0, n), without bias. Throws ValueError for n = 0.
  uint64_t below(uint64_t n);
  /// Standard normal.
  double normal();
};

/// Maps 32 random bits to a float in [0, 1) with 24 bits.
inline float unit_float(uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }

/// The generator that ops use when none is given: one per thread, seeded with 0.
Generator& default_generator();

/// Restarts this thread's default generator at `seed`.
void manual_seed(uint64_t seed);

}  // namespace strata
