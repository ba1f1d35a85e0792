#include "strata/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include <omp.h>

#include "strata/base/error.h"
#include "strata/base/parallel_loop.h"

namespace strata {
namespace {

std::atomic<int> g_threads{0};

}  // namespace

int thread_count() {
  int n = g_threads.load(std::memory_order_relaxed);
  if (n == 0) {
    n = std::max(1, omp_get_max_threads());
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
  const int threads = static_cast<int>(std::min<int64_t>(chunks, thread_count()));
  if (threads == 1 || omp_in_parallel()) {
    body(0, n);
    return;
  }
  internal::FirstException error;
#pragma omp parallel num_threads(threads)
  {
    const int64_t t = omp_get_thread_num(), all = omp_get_num_threads();
    const int64_t begin = chunks * t / all * grain;
    const int64_t end = std::min(n, chunks * (t + 1) / all * grain);
    if (begin < end) error.run([&] { body(begin, end); });
  }
  error.rethrow();
}

void parallel_chunks(int64_t n, FunctionRef<void(int64_t)> body) {
  const int threads = static_cast<int>(std::min<int64_t>(n, thread_count()));
  if (threads <= 1 || omp_in_parallel()) {
    for (int64_t i = 0; i < n; ++i) body(i);
    return;
  }
  internal::FirstException error;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int64_t i = 0; i < n; ++i) error.run([&] { body(i); });
  error.rethrow();
}

}  // namespace strata
