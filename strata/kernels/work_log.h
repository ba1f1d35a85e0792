#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "strata/kernels/conv.h"

namespace strata::kernels {

/// `batch` products C[m, n] = A B with inner size k. trans_a: A lies as [k, m]; trans_b: B lies as
/// [n, k].
struct ProductShape {
  int64_t batch = 1, m = 0, n = 0, k = 0;
  bool trans_a = false, trans_b = false;
  bool operator==(const ProductShape&) const = default;
  double flops() const {
    return 2 * static_cast<double>(batch * m) * static_cast<double>(n) * static_cast<double>(k);
  }
};

enum class ConvPass { forward, data, weights };

/// Products and convolutions by shape, with the number of times each was asked for; half a time for
/// a product of which only a triangle is needed.
struct WorkLog {
  std::vector<std::pair<ProductShape, double>> products;
  std::vector<std::pair<std::pair<Conv2dShape, ConvPass>, double>> convolutions;
  double flops() const;
};

/// Writes down what kernels are asked for in this thread while it lives: benchmarks work out from
/// it what the machine allows. Costs a branch a kernel when unused.
class WorkLogScope {
 public:
  explicit WorkLogScope(WorkLog& log);
  ~WorkLogScope();
  WorkLogScope(const WorkLogScope&) = delete;
  WorkLogScope& operator=(const WorkLogScope&) = delete;
};

/// Placed in a kernel: adds its work to the log, and keeps the kernels that it calls from adding
/// theirs while it lives.
class LoggedWork {
 public:
  /// Products, and how many of each.
  LoggedWork(std::initializer_list<std::pair<ProductShape, double>> products);
  LoggedWork(const Conv2dShape& shape, ConvPass pass);
  ~LoggedWork();
  LoggedWork(const LoggedWork&) = delete;
  LoggedWork& operator=(const LoggedWork&) = delete;

 private:
  WorkLog* paused_;
};

}  // namespace strata::kernels
