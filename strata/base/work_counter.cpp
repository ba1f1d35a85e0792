#include "strata/base/work_counter.h"

namespace strata {
namespace {

thread_local WorkCounter* t_counter = nullptr;

}  // namespace

WorkCounter::WorkCounter() : outer_(t_counter) { t_counter = this; }

WorkCounter::~WorkCounter() { t_counter = outer_; }

void count_macs(int64_t n) {
  for (WorkCounter* c = t_counter; c; c = c->outer_) c->macs_ += n;
}

}  // namespace strata
