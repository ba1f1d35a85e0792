#include "strata/kernels/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/base/random.h"
#include "strata/kernels/cpu/open_unit.h"

namespace strata::kernels {
namespace {

constexpr int64_t kGrain = 4096;  // numbers for which a second thread pays

/// Calls f(i, u) for i in [begin, end) with the uniform numbers of these elements of a draw.
template <class F>
void each_uniform(uint64_t seed, uint64_t stream, int64_t begin, int64_t end, F&& f) {
  for (int64_t i = begin; i < end;) {
    const auto r = philox(seed, stream, static_cast<uint64_t>(i / 2));
    if (i % 2 == 0) f(i++, cpu::open_unit(r[0], r[1]));
    if (i < end) f(i++, cpu::open_unit(r[2], r[3]));
  }
}

/// Sums of the weights up to each column and with it.
void running_sums(const double* weights, int64_t columns, std::vector<double>& sums) {
  for (const double scale : {1.0, 0x1p-64}) {  // by which no sum of weights is infinite
    double total = 0;
    for (int64_t i = 0; i < columns; ++i) {
      total += weights[i] * scale;
      sums[static_cast<size_t>(i)] = total;
    }
    if (std::isfinite(total)) return;
  }
}

/// The first column whose sum lies above the share u of all: never one without a weight.
int64_t column_at(const std::vector<double>& sums, double u) {
  const double target = std::min(u * sums.back(), std::nextafter(sums.back(), 0.0));
  return std::upper_bound(sums.begin(), sums.end(), target) - sums.begin();
}

/// Waiting times: whoever comes at rate w comes first with a probability in proportion to w, and
/// among the rest the next, and so on (Efraimidis and Spirakis, "Weighted random sampling with a
/// reservoir", 2006). In logarithms, so that no weight is too small.
void draw_first(const double* weights, int64_t columns, int64_t draws, uint64_t seed,
                uint64_t stream, int64_t row, std::vector<double>& time,
                std::vector<int64_t>& order, int64_t* y) {
  each_uniform(seed, stream, row * columns, (row + 1) * columns, [&](int64_t i, double u) {
    const int64_t column = i - row * columns;
    time[static_cast<size_t>(column)] = std::log(-std::log(u)) - std::log(weights[column]);
  });
  std::iota(order.begin(), order.end(), 0);
  const auto earlier = [&](int64_t a, int64_t b) {
    const double of_a = time[static_cast<size_t>(a)], of_b = time[static_cast<size_t>(b)];
    return of_a < of_b || (of_a == of_b && a < b);
  };
  if (draws < columns) {
    std::nth_element(order.begin(), order.begin() + draws, order.end(), earlier);
  }
  std::sort(order.begin(), order.begin() + draws, earlier);
  std::copy_n(order.begin(), draws, y);
}

}  // namespace

void multinomial(Cpu, const Tensor& weights, bool replacement, uint64_t seed, uint64_t stream,
                 Tensor& y) {
  const int64_t rows = weights.shape()[0], columns = weights.shape()[1], draws = y.shape()[1];
  const auto* from = weights.data<double>();
  auto* to = y.data<int64_t>();
  const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(columns, draws));
  if (!replacement) {
    parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
      std::vector<double> time(static_cast<size_t>(columns));
      std::vector<int64_t> order(static_cast<size_t>(columns));
      for (int64_t r = begin; r < end; ++r) {
        draw_first(from + r * columns, columns, draws, seed, stream, r, time, order,
                   to + r * draws);
      }
    });
    return;
  }
  parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
    std::vector<double> sums(static_cast<size_t>(columns));
    for (int64_t r = begin; r < end; ++r) {
      running_sums(from + r * columns, columns, sums);
      parallel_for(draws, kGrain, [&](int64_t first, int64_t last) {
        each_uniform(seed, stream, r * draws + first, r * draws + last,
                     [&](int64_t i, double u) { to[i] = column_at(sums, u); });
      });
    }
  });
}

}  // namespace strata::kernels
