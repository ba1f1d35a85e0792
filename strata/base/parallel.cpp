#include "strata/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "strata/base/error.h"
#include "strata/base/parallel_loop.h"

namespace strata {
namespace {

std::atomic<int> g_threads{0};

/// True while this thread runs the body of a loop: a loop inside it runs in place.
thread_local bool t_in_parallel = false;

/// How often a waiting thread looks again before it sleeps: some tens of microseconds, the gap
/// between two loops of a network. More would starve the rest of a busy machine, and a loop then
/// waits for a helper that waits for a core.
constexpr int kSpins = 2000;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Threads that help one loop at a time. A helper that has not yet begun is never waited for: on a
/// busy machine the caller does all the work itself.
class Pool {
 public:
  static Pool& instance() {
    static Pool pool;
    return pool;
  }

  ~Pool() {
    if (getpid() != process_) {  // a fork has the pool, but not its threads
      for (std::thread& thread : threads_) thread.detach();
      return;
    }
    stop_ = true;
    turn_.fetch_add(1);
    turn_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  /// Calls body(i) for i in [0, n) on the caller and up to threads - 1 others. False, and nothing
  /// done, where another thread's loop is under way.
  bool run(int64_t n, int threads, FunctionRef<void(int64_t)> body,
           Sharing sharing = Sharing::blocks) {
    const std::unique_lock busy(busy_, std::try_to_lock);
    if (!busy) return false;
    while (static_cast<int>(threads_.size()) < threads - 1) {
      threads_.emplace_back([this, number = static_cast<int>(threads_.size())] { help(number); });
    }
    internal::FirstException error;
    Loop loop{body, error, sharing == Sharing::blocks ? threads : 1};
    if (static_cast<int>(shares_.size()) < loop.shares) {
      shares_ = std::vector<Share>(static_cast<size_t>(loop.shares));
    }
    for (int k = 0; k < loop.shares; ++k) {
      Share& share = shares_[static_cast<size_t>(k)];
      share.next.store(share_begin(n, k, loop.shares), std::memory_order_relaxed);
      share.end = share_begin(n, k + 1, loop.shares);
    }
    loop_ = &loop;
    helpers_wanted_ = threads - 1;
    gate_.store(kOpen, std::memory_order_release);
    turn_.fetch_add(1, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) > 0) turn_.notify_all();
    take_part(loop, 0);
    gate_.fetch_and(~kOpen, std::memory_order_acq_rel);
    wait_until_empty();
    error.rethrow();
    return true;
  }

 private:
  /// One loop under way, on its caller's stack.
  struct Loop {
    FunctionRef<void(int64_t)> body;
    internal::FirstException& error;
    int shares;
  };

  /// Calls that threads take in turn: a thread's own, or those of all.
  struct alignas(64) Share {
    std::atomic<int64_t> next;
    int64_t end;
  };

  static int64_t share_begin(int64_t n, int k, int shares) {
    return n / shares * k + n % shares * k / shares;
  }

  static constexpr uint32_t kOpen = 1u << 31;  // the other bits count the helpers inside

  /// Works through its own share, and then helps with the others'.
  void take_part(const Loop& loop, int thread) {
    t_in_parallel = true;
    for (int k = 0; k < loop.shares; ++k) {
      Share& share = shares_[static_cast<size_t>((thread + k) % loop.shares)];
      while (share.next.load(std::memory_order_relaxed) < share.end) {
        const int64_t i = share.next.fetch_add(1, std::memory_order_relaxed);
        if (i < share.end) loop.error.run([&] { loop.body(i); });
      }
    }
    t_in_parallel = false;
  }

  /// Enters the loop if it is still open.
  bool enter() {
    uint32_t gate = gate_.load(std::memory_order_acquire);
    while (gate & kOpen) {
      if (gate_.compare_exchange_weak(gate, gate + 1, std::memory_order_acq_rel)) return true;
    }
    return false;
  }

  void help(int number) {
    uint32_t seen = 0;
    while (true) {
      seen = next_turn(seen);
      if (stop_) return;
      if (number >= helpers_wanted_.load(std::memory_order_relaxed) || !enter()) continue;
      take_part(*loop_, number + 1);
      // The caller may return as soon as the count is down: nothing of the loop is touched after.
      if (gate_.fetch_sub(1, std::memory_order_acq_rel) == 1) gate_.notify_all();
    }
  }

  /// Waits for a turn other than `seen`: looks for a while, then sleeps.
  uint32_t next_turn(uint32_t seen) {
    for (int i = 0; i < kSpins; ++i) {
      const uint32_t turn = turn_.load(std::memory_order_acquire);
      if (turn != seen) return turn;
      pause();
    }
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    turn_.wait(seen, std::memory_order_seq_cst);
    sleepers_.fetch_sub(1, std::memory_order_seq_cst);
    return turn_.load(std::memory_order_acquire);
  }

  void wait_until_empty() {
    for (int i = 0; i < kSpins; ++i) {
      if (gate_.load(std::memory_order_acquire) == 0) return;
      pause();
    }
    for (uint32_t gate; (gate = gate_.load(std::memory_order_acquire)) != 0;) gate_.wait(gate);
  }

  const pid_t process_ = getpid();
  std::mutex busy_;  // held by the caller whose loop is under way
  std::vector<std::thread> threads_;
  Loop* loop_ = nullptr;
  std::vector<Share> shares_;  // of the loop under way
  std::atomic<int> helpers_wanted_{0};
  std::atomic<uint32_t> gate_{0};
  alignas(64) std::atomic<uint32_t> turn_{0};
  std::atomic<int> sleepers_{0};
  std::atomic<bool> stop_{false};
};

void run_in_place(int64_t n, FunctionRef<void(int64_t)> body) {
  for (int64_t i = 0; i < n; ++i) body(i);
}

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
  const auto range = [&](int64_t t) {
    body(chunks * t / ranges * grain, std::min(n, chunks * (t + 1) / ranges * grain));
  };
  if (!Pool::instance().run(ranges, static_cast<int>(ranges), range)) body(0, n);
}

void parallel_chunks(int64_t n, FunctionRef<void(int64_t)> body, Sharing sharing) {
  const int threads = static_cast<int>(std::min<int64_t>(n, thread_count()));
  if (threads <= 1 || t_in_parallel || !Pool::instance().run(n, threads, body, sharing)) {
    run_in_place(n, body);
  }
}

}  // namespace strata
