#include "tests/support/refusing_memory.h"

#include <atomic>
#include <cstdlib>
#include <new>

#include "strata/base/parallel.h"
#include "strata/device/cpu_allocator.h"

namespace strata::testing {
namespace {

struct Source {
  std::atomic<int64_t> requests{0}, blocks{0}, first{0};
  std::atomic<bool> onwards{false};
};

/// Lives as long as the program: other threads may give back late.
Source g_source;

/// The allocator asks a second time after it has given back what it kept.
thread_local bool t_asked_again = false;

void* take(void*, int64_t bytes, int64_t alignment) {
  if (t_asked_again) {
    t_asked_again = false;
    return nullptr;
  }
  const int64_t request = ++g_source.requests;
  const int64_t first = g_source.first;
  if (first > 0 && (request == first || (g_source.onwards && request > first))) {
    t_asked_again = true;
    return nullptr;
  }
  ++g_source.blocks;
  const auto align = static_cast<size_t>(alignment);
  return std::aligned_alloc(align, (static_cast<size_t>(bytes) + align - 1) / align * align);
}

void give_back(void*, void* block, int64_t) {
  --g_source.blocks;
  std::free(block);
}

thread_local constinit int64_t t_news_left = 0;  // calls until one fails; 0: none will
thread_local constinit bool t_new_failed = false;
thread_local constinit int64_t t_blocks = 0;

void* counted_new(size_t bytes) noexcept {
  if (t_news_left > 0 && --t_news_left == 0) {
    t_new_failed = true;
    return nullptr;
  }
  void* block = std::malloc(bytes > 0 ? bytes : 1);
  if (block) ++t_blocks;
  return block;
}

void counted_delete(void* block) noexcept {
  if (block) --t_blocks;
  std::free(block);
}

}  // namespace

RefusingMemory::RefusingMemory() {
  refuse(0);
  set_cpu_memory_source({.allocate = take, .release = give_back, .kept = false});
}

RefusingMemory::~RefusingMemory() {
  refuse(0);
  set_cpu_memory_source({});
}

void RefusingMemory::refuse(int64_t first, bool onwards) {
  g_source.requests = 0;
  g_source.first = first;
  g_source.onwards = onwards;
}

int64_t RefusingMemory::requests() const { return g_source.requests; }
int64_t RefusingMemory::blocks() const { return g_source.blocks; }

FailingNew::FailingNew(int64_t first) : threads_(thread_count()) {
  set_thread_count(1);
  t_new_failed = false;
  t_news_left = first;
}

FailingNew::~FailingNew() {
  t_news_left = 0;
  set_thread_count(threads_);
}

bool FailingNew::failed() const { return t_new_failed; }

int64_t FailingNew::blocks() { return t_blocks; }

}  // namespace strata::testing

// The whole program's, so that each kind fits its counterpart.
void* operator new(size_t bytes) {
  void* block = strata::testing::counted_new(bytes);
  if (!block) throw std::bad_alloc();
  return block;
}
void* operator new[](size_t bytes) { return operator new(bytes); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return strata::testing::counted_new(bytes);
}
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept {
  return strata::testing::counted_new(bytes);
}
void operator delete(void* block) noexcept { strata::testing::counted_delete(block); }
void operator delete[](void* block) noexcept { strata::testing::counted_delete(block); }
void operator delete(void* block, size_t) noexcept { strata::testing::counted_delete(block); }
void operator delete[](void* block, size_t) noexcept { strata::testing::counted_delete(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept {
  strata::testing::counted_delete(block);
}
void operator delete[](void* block, const std::nothrow_t&) noexcept {
  strata::testing::counted_delete(block);
}
