#pragma once

#include <cstdint>
#include <vector>

#include "strata/base/function_ref.h"
#include "strata/base/parallel.h"

namespace strata::kernels {

/// Elements that are one unit of work in a sweep over many arrays.
inline constexpr int64_t kSweepChunk = 16384;

/// A piece of one of the arrays of a sweep.
struct SweepChunk {
  size_t part;
  int64_t begin, end;
};

/// Cuts arrays (anything with a `size`) into chunks, in order. The cuts follow the sizes alone.
template <class Parts>
std::vector<SweepChunk> sweep_chunks(const Parts& parts) {
  std::vector<SweepChunk> chunks;
  chunks.reserve(parts.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    for (int64_t begin = 0; begin < parts[i].size; begin += kSweepChunk) {
      chunks.push_back({i, begin, std::min(parts[i].size, begin + kSweepChunk)});
    }
  }
  return chunks;
}

/// Calls body(i) for each chunk: in parallel, unless there is so little to do that waking threads
/// would take longer.
inline void for_chunks(const std::vector<SweepChunk>& chunks, FunctionRef<void(size_t)> body) {
  int64_t elements = 0;
  for (const SweepChunk& c : chunks) elements += c.end - c.begin;
  if (elements <= 2 * kSweepChunk) {
    for (size_t i = 0; i < chunks.size(); ++i) body(i);
    return;
  }
  parallel_for(static_cast<int64_t>(chunks.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) body(static_cast<size_t>(i));
  });
}

}  // namespace strata::kernels
