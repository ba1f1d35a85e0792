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

/// Where the processor's memory comes from, in place of the system. All may be called from any
/// thread and must not throw.
struct CpuMemorySource {
  /// At least `bytes` bytes at a multiple of `alignment`, a power of two; null if there are none.
  void* (*allocate)(void* context, int64_t bytes, int64_t alignment) = nullptr;
  /// Takes a block back; `bytes` as it was asked for.
  void (*release)(void* context, void* block, int64_t bytes) = nullptr;
  void* context = nullptr;
  /// Whether blocks are kept and handed out again; otherwise each goes back once it is returned.
  bool kept = true;
};

/// Takes memory from there from now on; a source without functions is the system. What is kept goes
/// back to where it came from, blocks of other threads when these next ask for memory or end: so
/// the source and its context must live as long as the program. Throws ValueError while memory is
/// in use, and for a source with one function only.
void set_cpu_memory_source(const CpuMemorySource& source);

}  // namespace strata
