#include <atomic>
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/device/cpu_allocator.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"

namespace strata {
namespace {

struct Counter {
  std::atomic<int64_t> blocks{0}, bytes{0}, calls{0}, limit{INT64_MAX};
};

void* take(void* context, int64_t bytes, int64_t alignment) {
  auto& c = *static_cast<Counter*>(context);
  if (c.bytes + bytes > c.limit) return nullptr;
  ++c.calls;
  ++c.blocks;
  c.bytes += bytes;
  const auto align = static_cast<size_t>(alignment);
  return std::aligned_alloc(align, (static_cast<size_t>(bytes) + align - 1) / align * align);
}

void give_back(void* context, void* block, int64_t bytes) {
  auto& c = *static_cast<Counter*>(context);
  --c.blocks;
  c.bytes -= bytes;
  std::free(block);
}

/// Counters live as long as the program: other threads may give back late.
Counter& fresh_counter() { return *new Counter; }

class MemorySource : public ::testing::Test {
 protected:
  void SetUp() override {
    if (cpu_memory_stats().in_use > 0) GTEST_SKIP() << "other tests' tensors are in use";
  }
  void TearDown() override {
    if (!IsSkipped()) set_cpu_memory_source({});
  }
};

TEST_F(MemorySource, ServesTensorsAndGetsAllBack) {
  Counter& c = fresh_counter();
  set_cpu_memory_source({.allocate = take, .release = give_back, .context = &c});
  {
    const Tensor a = ones({1000}), b = ones({300'000});
    EXPECT_GE(c.bytes, 301'000 * 4);
    EXPECT_EQ((a + a).to_vector<float>()[999], 2);
    std::thread([] { EXPECT_EQ((ones({16}) + 1.0).to_vector<float>()[3], 2); }).join();
  }
  const int64_t calls = c.calls;
  EXPECT_EQ(ones({300'000}).numel(), 300'000);
  EXPECT_EQ(c.calls, calls) << "kept blocks are handed out again";
  set_cpu_memory_source({});
  EXPECT_EQ(c.blocks, 0);
  EXPECT_EQ(c.bytes, 0);
  EXPECT_EQ(ones({1000}).numel(), 1000);
  EXPECT_EQ(c.calls, calls);
}

TEST_F(MemorySource, NothingIsKeptIfItSaysSo) {
  Counter& c = fresh_counter();
  set_cpu_memory_source({.allocate = take, .release = give_back, .context = &c, .kept = false});
  EXPECT_EQ(ones({100}).numel(), 100);
  EXPECT_EQ(ones({300'000}).numel(), 300'000);
  EXPECT_EQ(c.blocks, 0);
}

TEST_F(MemorySource, NullIsOutOfMemory) {
  Counter& c = fresh_counter();
  c.limit = 1 << 20;
  set_cpu_memory_source({.allocate = take, .release = give_back, .context = &c});
  EXPECT_THROW(ones({1 << 20}), OutOfMemory);
  EXPECT_EQ(ones({1000}).numel(), 1000);
}

TEST(MemorySources, RefuseToChangeUnderTensorsAndToBeHalf) {
  const Tensor held = ones({4});
  EXPECT_THROW(set_cpu_memory_source({}), ValueError);
  EXPECT_THROW(set_cpu_memory_source({.allocate = take}), ValueError);
}

}  // namespace
}  // namespace strata
