// The parallel loops on std::thread, in place of parallel.cpp (OpenMP) when the build is configured
// with STRATA_PARALLEL=threads. ThreadSanitizer needs it: it cannot see inside libgomp.

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/base/parallel_loop.h"

namespace strata {
namespace {

std::atomic<int> g_threads{0};

/// True while this thread runs the body of a loop: a loop inside it runs in place.
thread_local bool t_in_parallel = false;

/// One parallel loop under way. It lives on its caller's stack; the pool's mutex guards the counts.
struct Loop {
  int64_t n;  // calls of body to make
  FunctionRef<void(int64_t)> body;
  int helpers_wanted;  // pool threads that may still join
  int64_t next = 0;    // first index that nobody has taken
  int helpers = 0;     // pool threads inside
  internal::FirstException error{};
};

/// Threads that help whoever calls run(). Several callers may be inside at once.
class Pool {
 public:
  static Pool& instance() {
    static Pool pool;
    return pool;
  }

  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  /// Calls body(i) for i in [0, n) on the caller and up to threads - 1 others.
  void run(int64_t n, int threads, FunctionRef<void(int64_t)> body) {
    Loop loop{.n = n, .body = body, .helpers_wanted = threads - 1};
    std::unique_lock lock(mutex_);
    while (static_cast<int>(threads_.size()) < threads - 1)
      threads_.emplace_back([this] { help(); });
    const auto place = loops_.insert(loops_.end(), &loop);
    work_.notify_all();
    take_part(loop, lock);
    loops_.erase(place);
    done_.wait(lock, [&] { return loop.helpers == 0; });
    lock.unlock();
    loop.error.rethrow();
  }

 private:
  /// Takes indices until none is left; the lock is held except while body runs.
  static void take_part(Loop& loop, std::unique_lock<std::mutex>& lock) {
    while (loop.next < loop.n) {
      const int64_t i = loop.next++;
      lock.unlock();
      t_in_parallel = true;
      loop.error.run([&] { loop.body(i); });
      t_in_parallel = false;
      lock.lock();
    }
  }

  void help() {
    std::unique_lock lock(mutex_);
    while (true) {
      Loop* loop = nullptr;
      work_.wait(lock, [&] { return stop_ || (loop = joinable()) != nullptr; });
      if (stop_) return;
      --loop->helpers_wanted;
      ++loop->helpers;
      take_part(*loop, lock);
      if (--loop->helpers == 0) done_.notify_all();
    }
  }

  Loop* joinable() const {
    const auto found = std::find_if(loops_.begin(), loops_.end(), [](const Loop* loop) {
      return loop->helpers_wanted > 0 && loop->next < loop->n;
    });
    return found == loops_.end() ? nullptr : *found;
  }

  std::mutex mutex_;
  std::condition_variable work_, done_;
  std::list<Loop*> loops_;
  std::vector<std::thread> threads_;
  bool stop_ = false;
};

}  // namespace

int thread_count() {
  int n = g_threads.load(std::memory_order_relaxed);
  if (n == 0) {
    n = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    g_threads.store(n, std::memory_order_relaxed);
  }
  return n;
}

void set_thread_count(int n) {
  if (n < 1 || n > 1024) {
    throw ValueError("set_thread_count", "threads must be 1 to 1024, got " + std::to_string(n));
  }
  g_threads.store(n, std::memory_order_relaxed);
}

void parallel_for(int64_t n, int64_t grain, FunctionRef<void(int64_t, int64_t)> body) {
  if (n <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  const int64_t chunks = (n + grain - 1) / grain;
  const int64_t ranges = std::min<int64_t>(chunks, thread_count());
  if (ranges == 1 || t_in_parallel) {
    body(0, n);
    return;
  }
  Pool::instance().run(ranges, static_cast<int>(ranges), [&](int64_t t) {
    body(chunks * t / ranges * grain, std::min(n, chunks * (t + 1) / ranges * grain));
  });
}

void parallel_chunks(int64_t n, FunctionRef<void(int64_t)> body) {
  const int threads = static_cast<int>(std::min<int64_t>(n, thread_count()));
  if (threads <= 1 || t_in_parallel) {
    for (int64_t i = 0; i < n; ++i) body(i);
    return;
  }
  Pool::instance().run(n, threads, body);
}

}  // namespace strata
