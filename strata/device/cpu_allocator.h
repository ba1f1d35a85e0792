#pragma once

#include <cstddef>
#include <cstdint>

namespace strata {

/// What the caching allocator of the processor's memory holds, in bytes.
struct MemoryStats {
  int64_t in_use = 0;        ///< handed out and not yet returned
  int64_t peak = 0;          ///< the most `in_use` has been since the last reset
  int64_t cached = 0;        ///< returned, kept for the next request
  int64_t system_calls = 0;  ///< requests the cache could not serve
};

/// 64-byte aligned memory of at least `bytes` bytes; blocks are kept by size class and handed out
/// again. Throws OutOfMemory tagged `where` when the system refuses or the limit would be passed.
void* cpu_allocate(int64_t bytes, const char* where);

/// Returns a block; `bytes` as it was asked for. Any thread may return it.
void cpu_release(void* block, int64_t bytes) noexcept;

MemoryStats cpu_memory_stats();
/// Sets `peak` to the bytes now in use.
void reset_cpu_memory_peak();
/// Gives all kept blocks back to the system.
void trim_cpu_memory();
/// Most bytes that may be in use at once; 0 for no limit.
void set_cpu_memory_limit(int64_t bytes);

}  // namespace strata
