#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "strata/base/parallel.h"

namespace strata::kernels {

/// Elements that are one unit of work in a sweep over many arrays.
inline constexpr int64_t kSweepChunk = 16384;

/// A piece of one of the arrays of a sweep.
struct SweepChunk {
  size_t part;
  int64_t begin, end;
  int64_t number;  ///< among the chunks of all arrays, in order
};

inline int64_t sweep_chunks_of(int64_t size) { return (size + kSweepChunk - 1) / kSweepChunk; }

/// Chunks that arrays (anything with a `size`) are cut into. The cuts follow the sizes alone.
template <class Parts>
int64_t count_sweep_chunks(const Parts& parts) {
  int64_t count = 0;
  for (const auto& part : parts) count += sweep_chunks_of(part.size);
  return count;
}

/// Calls body(chunk) for each chunk of the arrays: in parallel, unless there is so little to do
/// that waking threads would take longer. It takes no memory, so that it cannot fail half-way.
template <class Parts, class Body>
void for_sweep_chunks(const Parts& parts, const Body& body) {
  const auto walk = [&](int64_t first, int64_t last) {
    int64_t number = 0;  // of the array's first chunk
    for (size_t i = 0; i < parts.size() && number < last; ++i) {
      const int64_t size = parts[i].size, count = sweep_chunks_of(size);
      const int64_t stop = std::min(count, last - number);
      for (int64_t k = std::max<int64_t>(0, first - number); k < stop; ++k) {
        body({i, k * kSweepChunk, std::min(size, (k + 1) * kSweepChunk), number + k});
      }
      number += count;
    }
  };
  int64_t elements = 0;
  for (const auto& part : parts) elements += part.size;
  const int64_t chunks = count_sweep_chunks(parts);
  if (elements <= 2 * kSweepChunk) {
    walk(0, chunks);
  } else {
    // More units than threads: the chunks differ in size, and so do the threads' speeds.
    const int64_t units = std::min<int64_t>(chunks, 64);
    parallel_chunks(units, [&](int64_t u) { walk(chunks * u / units, chunks * (u + 1) / units); });
  }
}

}  // namespace strata::kernels
