#include "strata/device/cpu_allocator.h"

#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <vector>

#include <fmt/format.h>
#include <sys/mman.h>

#include "strata/base/error.h"

namespace strata {
namespace {

constexpr int64_t kAlign = 64;
constexpr int64_t kHugePage = int64_t{2} << 20;
constexpr int kClasses = 8 * 48;           // eight steps for each doubling
constexpr int64_t kLocalBytes = 64 << 10;  // larger blocks are not kept by threads
constexpr size_t kLocalBlocks = 32;        // of one class
constexpr int64_t kCacheFloor = int64_t{256} << 20;

/// Class of a request, and the bytes its blocks have: eight steps a doubling waste at most 1/8.
struct SizeClass {
  int index;
  int64_t bytes;
};

SizeClass size_class(int64_t bytes) {
  const auto units = static_cast<uint64_t>((std::max<int64_t>(bytes, 1) + kAlign - 1) / kAlign);
  if (units <= 16) return {static_cast<int>(units), static_cast<int64_t>(units) * kAlign};
  const int shift = std::bit_width(units - 1) - 4;
  const uint64_t steps = ((units - 1) >> shift) + 1;  // 9 to 16
  return {static_cast<int>(16 + (shift - 1) * 8 + static_cast<int>(steps) - 8),
          static_cast<int64_t>(steps << shift) * kAlign};
}

/// Bytes of the blocks of a class: the inverse of size_class.
int64_t class_bytes(int index) {
  if (index <= 16) return index * kAlign;
  return (static_cast<int64_t>((index - 17) % 8 + 9) << ((index - 17) / 8 + 1)) * kAlign;
}

struct Cache {
  std::mutex mutex;
  std::array<std::vector<void*>, kClasses> free;
};

struct Totals {
  std::atomic<int64_t> in_use{0}, peak{0}, cached{0}, system_calls{0}, limit{0};
};

Totals& totals() {
  static Totals t;
  return t;
}

// Never destroyed: threads may return blocks after main has ended.
Cache& cache() {
  static Cache& c = *new Cache;
  return c;
}

void free_block(void* block, int64_t bytes) {
  totals().cached.fetch_sub(bytes, std::memory_order_relaxed);
  std::free(block);
}

void trim_global() {
  Cache& c = cache();
  const std::lock_guard lock(c.mutex);
  for (int i = 0; i < kClasses; ++i) {
    auto& list = c.free[static_cast<size_t>(i)];
    for (void* block : list) free_block(block, class_bytes(i));
    list.clear();
  }
}

void keep_global(SizeClass size, void* block) {
  try {
    Cache& c = cache();
    const std::lock_guard lock(c.mutex);
    c.free[static_cast<size_t>(size.index)].push_back(block);
  } catch (...) {  // no memory for the list itself
    free_block(block, size.bytes);
    return;
  }
  // With ever-changing shapes blocks of sizes past pile up: hold no more than was once in use.
  if (totals().cached.load(std::memory_order_relaxed) >
      std::max(kCacheFloor, totals().peak.load(std::memory_order_relaxed))) {
    trim_global();
  }
}

/// A thread's own small blocks: no lock in the common case.
struct LocalCache {
  std::array<std::vector<void*>, 17 + 8 * 8> free;
  bool* alive;
  explicit LocalCache(bool* flag) : alive(flag) {
    for (auto& list : free) list.reserve(kLocalBlocks);
    *alive = true;
  }
  LocalCache(const LocalCache&) = delete;
  LocalCache& operator=(const LocalCache&) = delete;
  ~LocalCache() {
    *alive = false;
    for (size_t i = 0; i < free.size(); ++i) {
      for (void* block : free[i])
        keep_global({static_cast<int>(i), class_bytes(static_cast<int>(i))}, block);
    }
  }
};

thread_local bool t_local_alive = false;

LocalCache* local_cache() {
  thread_local LocalCache local(&t_local_alive);
  return t_local_alive ? &local : nullptr;
}

void* take_cached(SizeClass size) {
  if (size.bytes <= kLocalBytes) {
    if (LocalCache* local = local_cache()) {
      auto& list = local->free[static_cast<size_t>(size.index)];
      if (!list.empty()) {
        void* block = list.back();
        list.pop_back();
        return block;
      }
    }
  }
  Cache& c = cache();
  const std::lock_guard lock(c.mutex);
  auto& list = c.free[static_cast<size_t>(size.index)];
  if (list.empty()) return nullptr;
  void* block = list.back();
  list.pop_back();
  return block;
}

void* take_from_system(int64_t bytes) {
  totals().system_calls.fetch_add(1, std::memory_order_relaxed);
  const bool huge = bytes >= 2 * kHugePage;
  const auto align = static_cast<size_t>(huge ? kHugePage : kAlign);
  const size_t rounded = (static_cast<size_t>(bytes) + align - 1) / align * align;
  void* block = std::aligned_alloc(align, rounded);
  if (block && huge) madvise(block, rounded, MADV_HUGEPAGE);
  return block;
}

[[noreturn]] void out_of_memory(int64_t bytes, const char* where) {
  const MemoryStats s = cpu_memory_stats();
  const int64_t limit = totals().limit.load();
  throw OutOfMemory(
      where,
      fmt::format("out of memory: {} bytes wanted, {} in use, {} kept for reuse{}", bytes, s.in_use,
                  s.cached, limit ? fmt::format(", limit {}", limit) : std::string()),
      "a smaller batch, or gradients off where none are needed");
}

}  // namespace

void* cpu_allocate(int64_t bytes, const char* where) {
  constexpr int64_t kMost = int64_t{1} << 46;
  if (bytes < 0 || bytes > kMost) out_of_memory(bytes, where);
  const SizeClass size = size_class(bytes);
  Totals& t = totals();
  const int64_t limit = t.limit.load(std::memory_order_relaxed);
  const int64_t now = t.in_use.fetch_add(size.bytes, std::memory_order_relaxed) + size.bytes;
  if (limit && now > limit) {
    t.in_use.fetch_sub(size.bytes, std::memory_order_relaxed);
    out_of_memory(bytes, where);
  }
  void* block = take_cached(size);
  if (block) {
    t.cached.fetch_sub(size.bytes, std::memory_order_relaxed);
  } else {
    block = take_from_system(size.bytes);
    if (!block) {
      trim_cpu_memory();
      block = take_from_system(size.bytes);
    }
    if (!block) {
      t.in_use.fetch_sub(size.bytes, std::memory_order_relaxed);
      out_of_memory(bytes, where);
    }
  }
  int64_t peak = t.peak.load(std::memory_order_relaxed);
  while (now > peak && !t.peak.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
  return block;
}

void cpu_release(void* block, int64_t bytes) noexcept {
  if (!block) return;
  const SizeClass size = size_class(bytes);
  totals().in_use.fetch_sub(size.bytes, std::memory_order_relaxed);
  totals().cached.fetch_add(size.bytes, std::memory_order_relaxed);
  if (size.bytes <= kLocalBytes) {
    if (LocalCache* local = local_cache()) {
      auto& list = local->free[static_cast<size_t>(size.index)];
      if (list.size() < kLocalBlocks) {
        list.push_back(block);
        return;
      }
    }
  }
  keep_global(size, block);
}

MemoryStats cpu_memory_stats() {
  const Totals& t = totals();
  return {t.in_use.load(), t.peak.load(), t.cached.load(), t.system_calls.load()};
}

void reset_cpu_memory_peak() { totals().peak.store(totals().in_use.load()); }

void trim_cpu_memory() {
  if (LocalCache* local = local_cache()) {
    for (size_t i = 0; i < local->free.size(); ++i) {
      for (void* block : local->free[i])
        keep_global({static_cast<int>(i), class_bytes(static_cast<int>(i))}, block);
      local->free[i].clear();
    }
  }
  trim_global();
}

void set_cpu_memory_limit(int64_t bytes) { totals().limit.store(bytes); }

}  // namespace strata
