#pragma once

#include <cstdint>

namespace strata {

/// Adds up the multiply-accumulates of the products and convolutions that run in this thread while
/// it lives; nested counters all count.
class WorkCounter {
 public:
  WorkCounter();
  ~WorkCounter();
  WorkCounter(const WorkCounter&) = delete;
  WorkCounter& operator=(const WorkCounter&) = delete;

  int64_t macs() const { return macs_; }

 private:
  friend void count_macs(int64_t n);
  int64_t macs_ = 0;
  WorkCounter* outer_;
};

/// Called by the ops that multiply: one branch when nobody counts.
void count_macs(int64_t n);

}  // namespace strata
