#include "strata/base/parallel.h"

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "strata/base/error.h"

namespace strata {
namespace {

/// Sets the thread count and puts the old one back.
class ThreadsOf {
 public:
  explicit ThreadsOf(int n) : before_(thread_count()) { set_thread_count(n); }
  ~ThreadsOf() { set_thread_count(before_); }

 private:
  int before_;
};

TEST(Parallel, CoversEachIndexOnceOnAnyThreadCount) {
  for (const int threads : {1, 2, 3, 4, 7}) {
    const ThreadsOf guard(threads);
    for (const int64_t n : {0, 1, 2, 63, 64, 65, 1000}) {
      for (const int64_t grain : {1, 3, 64, 5000}) {
        std::vector<std::atomic<int>> hits(static_cast<size_t>(n));
        parallel_for(n, grain, [&](int64_t begin, int64_t end) {
          EXPECT_EQ(begin % grain, 0);
          EXPECT_LT(begin, end);
          for (int64_t i = begin; i < end; ++i) ++hits[static_cast<size_t>(i)];
        });
        for (const auto& hit : hits) EXPECT_EQ(hit.load(), 1);
      }
    }
  }
}

TEST(Parallel, ChunksAreEachCalledOnce) {
  for (const int threads : {1, 2, 4}) {
    const ThreadsOf guard(threads);
    for (const Sharing sharing : {Sharing::blocks, Sharing::in_turn}) {
      std::vector<std::atomic<int>> hits(101);
      parallel_chunks(
          101, [&](int64_t i) { ++hits[static_cast<size_t>(i)]; }, sharing);
      for (const auto& hit : hits) EXPECT_EQ(hit.load(), 1);
    }
  }
}

TEST(Parallel, RunsOnSeveralThreads) {
  const ThreadsOf guard(3);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  std::atomic<int> inside{0};
  parallel_for(3, 1, [&](int64_t, int64_t) {
    ++inside;
    while (inside.load() < 3) std::this_thread::yield();
    const std::lock_guard lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_TRUE(seen.contains(std::this_thread::get_id()));
}

TEST(Parallel, LoopInsideALoopRunsInPlace) {
  const ThreadsOf guard(4);
  std::atomic<int64_t> sum{0};
  parallel_chunks(8, [&](int64_t) {
    const std::thread::id outer = std::this_thread::get_id();
    parallel_for(100, 10, [&](int64_t begin, int64_t end) {
      EXPECT_EQ(std::this_thread::get_id(), outer);
      sum += end - begin;
    });
    parallel_chunks(5, [&](int64_t) { EXPECT_EQ(std::this_thread::get_id(), outer); });
  });
  EXPECT_EQ(sum.load(), 800);
}

TEST(Parallel, RethrowsInTheCallerAndStaysUsable) {
  const ThreadsOf guard(4);
  for (int round = 0; round < 20; ++round) {
    EXPECT_THROW(parallel_for(64, 1,
                              [](int64_t begin, int64_t) {
                                if (begin >= 0) throw std::runtime_error("body");
                              }),
                 std::runtime_error);
    EXPECT_THROW(parallel_chunks(64,
                                 [](int64_t i) {
                                   if (i == 63) throw std::runtime_error("body");
                                 }),
                 std::runtime_error);
  }
  std::atomic<int> calls{0};
  parallel_chunks(9, [&](int64_t) { ++calls; });
  EXPECT_EQ(calls.load(), 9);
}

TEST(Parallel, SeveralCallersAtOnce) {
  const ThreadsOf guard(3);
  std::vector<int64_t> sums(4);
  std::vector<std::thread> callers;
  for (int64_t& sum : sums) {
    callers.emplace_back([&sum] {
      for (int round = 0; round < 50; ++round) {
        std::vector<int64_t> parts(16);
        parallel_chunks(16, [&](int64_t i) { parts[static_cast<size_t>(i)] = i; });
        sum += std::accumulate(parts.begin(), parts.end(), int64_t{0});
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const int64_t sum : sums) EXPECT_EQ(sum, 50 * 120);
}

TEST(Parallel, ForkedChildComputesAloneAndEnds) {
  const ThreadsOf guard(3);
  parallel_chunks(9, [](int64_t) {});  // the threads are there
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    std::atomic<int> calls{0};
    parallel_chunks(9, [&](int64_t) { ++calls; });
    std::exit(calls.load() == 9 ? 0 : 1);
  }
  ASSERT_GT(child, 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(Parallel, ThreadCountMustBePositive) {
  EXPECT_THROW(set_thread_count(0), ValueError);
  EXPECT_THROW(set_thread_count(1025), ValueError);
}

}  // namespace
}  // namespace strata
