#include "strata/device/cpu_allocator.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <mutex>
#include <queue>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/ops/creation.h"

namespace strata {
namespace {

/// Resident bytes of this process.
int64_t resident() {
  std::ifstream file("/proc/self/statm");
  int64_t pages = 0;
  file >> pages >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

TEST(CpuAllocator, BlocksAreAlignedAndApart) {
  std::vector<std::pair<char*, int64_t>> blocks;
  for (int64_t bytes = 0; bytes < 70000; bytes = bytes * 5 / 4 + 1) {
    auto* block = static_cast<char*>(cpu_allocate(bytes, "test"));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0U);
    std::memset(block, 1, static_cast<size_t>(bytes));
    blocks.emplace_back(block, bytes);
  }
  std::sort(blocks.begin(), blocks.end());
  for (size_t i = 1; i < blocks.size(); ++i) {
    EXPECT_LE(blocks[i - 1].first + blocks[i - 1].second, blocks[i].first);
  }
  for (const auto& [block, bytes] : blocks) cpu_release(block, bytes);
}

TEST(CpuAllocator, SizeClassesWasteAtMostAnEighth) {
  const int64_t before = cpu_memory_stats().in_use;
  for (int64_t bytes : {1024, 1025, 1100, 4097, 65537, 1000001, 8388609, 100000000}) {
    void* block = cpu_allocate(bytes, "test");
    const int64_t taken = cpu_memory_stats().in_use - before;
    EXPECT_GE(taken, bytes);
    EXPECT_LE(taken, bytes + bytes / 8 + 64);
    cpu_release(block, bytes);
    EXPECT_EQ(cpu_memory_stats().in_use, before);
  }
}

TEST(CpuAllocator, TakesNothingFromTheSystemOnceWarm) {
  const auto step = [] {
    std::vector<void*> blocks;
    for (const int64_t bytes : {100, 5000, 70000, 3000000}) {
      blocks.push_back(cpu_allocate(bytes, "test"));
    }
    size_t i = 0;
    for (const int64_t bytes : {100, 5000, 70000, 3000000}) cpu_release(blocks[i++], bytes);
  };
  step();
  const int64_t calls = cpu_memory_stats().system_calls;
  for (int i = 0; i < 100; ++i) step();
  EXPECT_EQ(cpu_memory_stats().system_calls, calls);
}

TEST(CpuAllocator, LargeBlocksServeRequestsThatAreSomewhatSmaller) {
  constexpr int64_t kMiB = 1 << 20;
  trim_cpu_memory();
  void* large = cpu_allocate(12 * kMiB, "test");
  cpu_release(large, 12 * kMiB);
  const int64_t calls = cpu_memory_stats().system_calls, cached = cpu_memory_stats().cached;
  void* smaller = cpu_allocate(9 * kMiB, "test");
  EXPECT_EQ(smaller, large);
  cpu_release(smaller, 9 * kMiB);
  EXPECT_EQ(cpu_memory_stats().cached, cached);
  EXPECT_EQ(cpu_allocate(12 * kMiB, "test"), large) << "it is still as large as it was";
  cpu_release(large, 12 * kMiB);
  EXPECT_EQ(cpu_memory_stats().system_calls, calls);
  void* half = cpu_allocate(6 * kMiB, "test");
  EXPECT_EQ(cpu_memory_stats().system_calls, calls + 1);
  cpu_release(half, 6 * kMiB);
}

// As a training step does: first many blocks of one size, then some of another.
TEST(CpuAllocator, KeepsWhatDifferentMomentsOfAStepNeed) {
  trim_cpu_memory();
  reset_cpu_memory_peak();
  const auto take_and_release = [](int count, int64_t bytes) {
    std::vector<void*> blocks;
    for (int i = 0; i < count; ++i) blocks.push_back(cpu_allocate(bytes, "test"));
    for (void* block : blocks) cpu_release(block, bytes);
  };
  const auto step = [&] {
    take_and_release(4, 64 << 20);
    take_and_release(2, 56 << 20);
  };
  step();
  const int64_t calls = cpu_memory_stats().system_calls;
  for (int i = 0; i < 3; ++i) step();
  EXPECT_EQ(cpu_memory_stats().system_calls, calls);
  for (int64_t size = 8; size < 60; size += 4) take_and_release(8, size << 20);
  const MemoryStats after = cpu_memory_stats();
  EXPECT_LE(after.in_use + after.cached, after.peak + after.peak / 2);
  trim_cpu_memory();
}

TEST(CpuAllocator, PeakAndTrim) {
  trim_cpu_memory();
  EXPECT_EQ(cpu_memory_stats().cached, 0);
  reset_cpu_memory_peak();
  const int64_t before = cpu_memory_stats().in_use;
  EXPECT_EQ(cpu_memory_stats().peak, before);
  void* a = cpu_allocate(1 << 20, "test");
  void* b = cpu_allocate(1 << 20, "test");
  cpu_release(a, 1 << 20);
  cpu_release(b, 1 << 20);
  EXPECT_EQ(cpu_memory_stats().peak, before + (2 << 20));
  EXPECT_EQ(cpu_memory_stats().cached, 2 << 20);
  trim_cpu_memory();
  EXPECT_EQ(cpu_memory_stats().cached, 0);
}

TEST(CpuAllocator, LimitAndImpossibleRequests) {
  set_cpu_memory_limit(cpu_memory_stats().in_use + (10 << 20));
  void* fits = cpu_allocate(8 << 20, "test");
  try {
    cpu_allocate(8 << 20, "matmul");
    ADD_FAILURE();
  } catch (const OutOfMemory& e) {
    const std::string text = e.what();
    EXPECT_TRUE(text.starts_with("[matmul] out of memory: 8388608 bytes wanted, ")) << text;
    EXPECT_NE(text.find(", limit "), std::string::npos) << text;
  }
  cpu_release(fits, 8 << 20);
  cpu_release(cpu_allocate(8 << 20, "test"), 8 << 20);  // a refusal leaves nothing behind
  set_cpu_memory_limit(0);
  EXPECT_THROW(cpu_allocate(-1, "test"), OutOfMemory);
  EXPECT_THROW(cpu_allocate(INT64_MAX, "test"), OutOfMemory);
  EXPECT_THROW(empty({int64_t{1} << 50}), OutOfMemory);
}

TEST(CpuAllocator, BlocksMayBeFreedByAnotherThread) {
  const int64_t before = cpu_memory_stats().in_use;
  std::mutex mutex;
  std::condition_variable ready;
  std::queue<Tensor> queue;
  constexpr int kCount = 20000;
  std::thread producer([&] {
    for (int i = 0; i < kCount; ++i) {
      Tensor t = full({i % 300}, i);
      const std::lock_guard lock(mutex);
      queue.push(std::move(t));
      ready.notify_one();
    }
  });
  for (int i = 0; i < kCount; ++i) {
    std::unique_lock lock(mutex);
    ready.wait(lock, [&] { return !queue.empty(); });
    const Tensor t = std::move(queue.front());
    queue.pop();
    lock.unlock();
    for (const float v : t.to_vector<float>()) ASSERT_EQ(v, static_cast<float>(i));
  }
  producer.join();
  EXPECT_EQ(cpu_memory_stats().in_use, before);
}

TEST(CpuAllocator, ManyThreadsAtOnce) {
  const int64_t before = cpu_memory_stats().in_use;
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k) {
    threads.emplace_back([k] {
      Generator g(static_cast<uint64_t>(k));
      std::vector<Tensor> kept(16);
      for (int i = 0; i < 5000; ++i) {
        Tensor& slot = kept[g.below(16)];
        if (slot.defined()) {
          for (const float v : slot.to_vector<float>()) ASSERT_EQ(v, static_cast<float>(k));
        }
        slot = full({static_cast<int64_t>(g.below(3000))}, k);
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(cpu_memory_stats().in_use, before);
}

TEST(CpuAllocator, MemoryStaysFlatOverChangingShapes) {
  Generator g(1);
  trim_cpu_memory();
  int64_t early = 0;
  for (int i = 0; i < 10000; ++i) {
    std::vector<Tensor> step;
    for (int k = 0; k < 5; ++k) step.push_back(empty({static_cast<int64_t>(g.below(1 << 20))}));
    for (Tensor& t : step) {
      if (t.numel() > 0) t.data<float>()[t.numel() / 2] = 1;
    }
    if (i == 2000) early = resident();
  }
  EXPECT_LT(resident(), early + (200 << 20));
  trim_cpu_memory();
}

}  // namespace
}  // namespace strata
