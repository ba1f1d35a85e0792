#include "strata/kernels/work_log.h"

#include <algorithm>

namespace strata::kernels {
namespace {

thread_local WorkLog* t_log = nullptr;

template <class Shape>
void add(std::vector<std::pair<Shape, double>>& list, const Shape& shape, double times) {
  const auto same = [&](const auto& entry) { return entry.first == shape; };
  const auto it = std::find_if(list.begin(), list.end(), same);
  if (it == list.end()) {
    list.emplace_back(shape, times);
  } else {
    it->second += times;
  }
}

}  // namespace

double WorkLog::flops() const {
  double sum = 0;
  for (const auto& [shape, times] : products) sum += times * shape.flops();
  for (const auto& [what, times] : convolutions) sum += times * 2 * what.first.macs();
  return sum;
}

WorkLogScope::WorkLogScope(WorkLog& log) { t_log = &log; }
WorkLogScope::~WorkLogScope() { t_log = nullptr; }

LoggedWork::LoggedWork(std::initializer_list<std::pair<ProductShape, double>> products)
    : paused_(t_log) {
  if (!paused_) [[likely]]
    return;
  t_log = nullptr;
  for (const auto& [shape, times] : products) add(paused_->products, shape, times);
}

LoggedWork::LoggedWork(const Conv2dShape& shape, ConvPass pass) : paused_(t_log) {
  if (!paused_) [[likely]]
    return;
  t_log = nullptr;
  add(paused_->convolutions, std::pair(shape, pass), 1);
}

LoggedWork::~LoggedWork() {
  if (paused_) [[unlikely]]
    t_log = paused_;
}

}  // namespace strata::kernels
