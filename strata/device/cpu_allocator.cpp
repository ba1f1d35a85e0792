#include "strata/device/cpu_allocator.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <new>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>
#include <sys/mman.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include "strata/base/error.h"

namespace strata {
namespace {

constexpr int64_t kAlign = 64;
constexpr int64_t kHugePage = int64_t{2} << 20;
constexpr int kClasses = 8 * 48;  // eight steps for each doubling
constexpr int kLocalClasses = 16 + 6 * 8 + 1;
constexpr int64_t kLocalBytes = 64 << 10;  // larger blocks are not kept by threads
constexpr int kLocalBlocks = 32;           // of one class, and of these bytes
constexpr int64_t kLocalClassBytes = 256 << 10;
constexpr int64_t kLentBytes = 1 << 20;  // from here on larger blocks are lent
constexpr int kLentClasses = 4;          // so many classes above that of the request
constexpr int64_t kCacheFloor = int64_t{256} << 20;

/// Under AddressSanitizer kept blocks, and the slack behind a request, are out of bounds.
void poison([[maybe_unused]] void* block, [[maybe_unused]] int64_t bytes) {
#ifdef __SANITIZE_ADDRESS__
  __asan_poison_memory_region(block, static_cast<size_t>(bytes));
#endif
}
void unpoison([[maybe_unused]] void* block, [[maybe_unused]] int64_t bytes) {
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(block, static_cast<size_t>(bytes));
#endif
}

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

/// Blocks that all threads share; those of `source`.
struct Cache {
  std::mutex mutex;
  const CpuMemorySource* source = nullptr;
  std::array<std::vector<void*>, kClasses> free;
  /// Blocks that serve requests of smaller classes, with their own.
  std::unordered_map<void*, int> lent;
};

/// `held` is what the system has given: in use or kept.
struct Totals {
  std::atomic<int64_t> in_use{0}, peak{0}, held{0}, system_calls{0}, limit{0};
};

constinit Totals g_totals;

/// The source in use, null for the system. Those of the past stay in memory: threads may still keep
/// blocks of theirs.
constinit std::atomic<const CpuMemorySource*> g_source{nullptr};

const CpuMemorySource* current_source() { return g_source.load(std::memory_order_acquire); }

// Never destroyed: threads may return blocks after main has ended.
Cache& cache() {
  static Cache& c = *new Cache;
  return c;
}

void free_block(void* block, int64_t bytes, const CpuMemorySource* source) {
  g_totals.held.fetch_sub(bytes, std::memory_order_relaxed);
  unpoison(block, bytes);
  if (source) {
    source->release(source->context, block, bytes);
  } else {
    std::free(block);
  }
}

/// Empties the shared cache, whose mutex is held.
void trim_locked(Cache& c) {
  for (int i = 0; i < kClasses; ++i) {
    auto& list = c.free[static_cast<size_t>(i)];
    for (void* block : list) free_block(block, class_bytes(i), c.source);
    list.clear();
  }
}

void trim_global() {
  Cache& c = cache();
  const std::lock_guard lock(c.mutex);
  trim_locked(c);
}

void keep_global(SizeClass size, void* block, const CpuMemorySource* source) {
  bool kept = false;
  try {
    Cache& c = cache();
    const std::lock_guard lock(c.mutex);
    if (size.bytes >= kLentBytes && !c.lent.empty()) {
      if (const auto own = c.lent.find(block); own != c.lent.end()) {
        size = {own->second, class_bytes(own->second)};
        c.lent.erase(own);
      }
    }
    if (c.source == source) {
      c.free[static_cast<size_t>(size.index)].push_back(block);
      kept = true;
    }
  } catch (...) {  // no memory for the list itself
  }
  if (!kept) {
    free_block(block, size.bytes, source);
    return;
  }
  // With ever-changing shapes blocks of sizes past pile up, so there is a bound on what is held. A
  // training step of a deep network has its most of each size at different times: together up to
  // a third more than was in use at once.
  const int64_t peak = g_totals.peak.load(std::memory_order_relaxed);
  if (g_totals.held.load(std::memory_order_relaxed) > std::max(kCacheFloor, peak + peak / 2)) {
    trim_global();
  }
}

/// A thread's own small blocks: no lock, no allocation.
class LocalCache {
 public:
  ~LocalCache();

  /// Lets go of blocks that come from elsewhere than memory does now.
  void follow(const CpuMemorySource* source) {
    if (source_ == source) [[likely]]
      return;
    flush();
    source_ = source;
  }
  void* take(SizeClass size) {
    Blocks& kept = blocks_[static_cast<size_t>(size.index)];
    return kept.count > 0 ? kept.block[static_cast<size_t>(--kept.count)] : nullptr;
  }
  bool keep(SizeClass size, void* block) {
    Blocks& kept = blocks_[static_cast<size_t>(size.index)];
    if (kept.count == kLocalBlocks || kept.count * size.bytes >= kLocalClassBytes) return false;
    kept.block[static_cast<size_t>(kept.count++)] = block;
    return true;
  }
  /// Hands all blocks to the global cache.
  void flush() {
    for (int i = 0; i < kLocalClasses; ++i) {
      const SizeClass size{i, class_bytes(i)};
      while (void* block = take(size)) keep_global(size, block, source_);
    }
  }

 private:
  const CpuMemorySource* source_ = nullptr;
  struct Blocks {
    int count = 0;
    std::array<void*, kLocalBlocks> block{};
  };
  std::array<Blocks, kLocalClasses> blocks_{};
};

thread_local constinit bool t_local_gone = false;  // once this thread is ending
thread_local constinit LocalCache t_local;

LocalCache::~LocalCache() {
  t_local_gone = true;
  flush();
}

LocalCache* local_cache(SizeClass size, const CpuMemorySource* source) {
  if (size.bytes > kLocalBytes || t_local_gone) return nullptr;
  t_local.follow(source);
  return &t_local;
}

/// False where there is no memory for the note.
bool note_lent(Cache& c, void* block, int own_class) {
  try {
    c.lent.emplace(block, own_class);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void* take_cached(SizeClass size, const CpuMemorySource* source) {
  if (LocalCache* local = local_cache(size, source)) {
    if (void* block = local->take(size)) return block;
  }
  // A training step has its most activations and its most gradients at different moments, and their
  // sizes differ: large requests take blocks up to half again too large before the system is asked.
  Cache& c = cache();
  const std::lock_guard lock(c.mutex);
  if (c.source != source) return nullptr;
  const int above = size.bytes >= kLentBytes ? kLentClasses : 0;
  for (int i = size.index; i <= std::min(size.index + above, kClasses - 1); ++i) {
    auto& list = c.free[static_cast<size_t>(i)];
    if (list.empty()) continue;
    void* block = list.back();
    if (i != size.index && !note_lent(c, block, i)) return nullptr;
    list.pop_back();
    return block;
  }
  return nullptr;
}

void* take_from_source(int64_t bytes, const CpuMemorySource* source) {
  g_totals.system_calls.fetch_add(1, std::memory_order_relaxed);
  if (source) {
    void* block = source->allocate(source->context, bytes, kAlign);
    if (block) g_totals.held.fetch_add(bytes, std::memory_order_relaxed);
    return block;
  }
  const bool huge = bytes >= kHugePage;
  const auto align = static_cast<size_t>(huge ? kHugePage : kAlign);
  const size_t rounded = (static_cast<size_t>(bytes) + align - 1) / align * align;
  void* block = std::aligned_alloc(align, rounded);
  // What is behind the last whole one stays on small pages, of which only those in use are taken.
  const auto whole = static_cast<size_t>(bytes / kHugePage * kHugePage);
  if (block && huge) madvise(block, whole, MADV_HUGEPAGE);
  if (block) g_totals.held.fetch_add(bytes, std::memory_order_relaxed);
  return block;
}

[[noreturn]] void out_of_memory(int64_t bytes, const char* where) {
  const MemoryStats s = cpu_memory_stats();
  const int64_t limit = g_totals.limit.load();
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
  Totals& t = g_totals;
  const int64_t limit = t.limit.load(std::memory_order_relaxed);
  const int64_t now = t.in_use.fetch_add(size.bytes, std::memory_order_relaxed) + size.bytes;
  if (limit && now > limit) {
    t.in_use.fetch_sub(size.bytes, std::memory_order_relaxed);
    out_of_memory(bytes, where);
  }
  const CpuMemorySource* source = current_source();
  void* block = take_cached(size, source);
  if (!block) {
    block = take_from_source(size.bytes, source);
    if (!block) {
      trim_cpu_memory();
      block = take_from_source(size.bytes, source);
    }
    if (!block) {
      t.in_use.fetch_sub(size.bytes, std::memory_order_relaxed);
      out_of_memory(bytes, where);
    }
  }
  int64_t peak = t.peak.load(std::memory_order_relaxed);
  while (now > peak && !t.peak.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
  unpoison(block, std::max<int64_t>(bytes, 1));
  return block;
}

void cpu_release(void* block, int64_t bytes) noexcept {
  if (!block) return;
  const SizeClass size = size_class(bytes);
  g_totals.in_use.fetch_sub(size.bytes, std::memory_order_relaxed);
  poison(block, size.bytes);
  const CpuMemorySource* source = current_source();
  if (source && !source->kept) {
    free_block(block, size.bytes, source);
    return;
  }
  LocalCache* local = local_cache(size, source);
  if (!local || !local->keep(size, block)) keep_global(size, block, source);
}

MemoryStats cpu_memory_stats() {
  const int64_t in_use = g_totals.in_use.load();
  return {in_use, g_totals.peak.load(), std::max<int64_t>(0, g_totals.held.load() - in_use),
          g_totals.system_calls.load()};
}

void reset_cpu_memory_peak() { g_totals.peak.store(g_totals.in_use.load()); }

void trim_cpu_memory() {
  if (!t_local_gone) t_local.flush();
  trim_global();
}

void set_cpu_memory_limit(int64_t bytes) { g_totals.limit.store(bytes); }

void set_cpu_memory_source(const CpuMemorySource& source) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (!source.allocate != !source.release) {
    throw ValueError("set_cpu_memory_source", "needs both functions, or none for the system");
  }
  const int64_t in_use = g_totals.in_use.load();
  if (in_use > 0) {
    throw ValueError("set_cpu_memory_source",
                     fmt::format("{} bytes are in use: they could not go back", in_use),
                     "set it before the first tensor, or after the last");
  }
  // Never destroyed, see g_source.
  static std::deque<CpuMemorySource>& sources = *new std::deque<CpuMemorySource>;
  const CpuMemorySource* now = source.allocate ? &sources.emplace_back(source) : nullptr;
  g_source.store(now, std::memory_order_release);
  if (!t_local_gone) t_local.follow(now);
  Cache& c = cache();
  const std::lock_guard cache_lock(c.mutex);
  trim_locked(c);
  c.source = now;
}

}  // namespace strata
