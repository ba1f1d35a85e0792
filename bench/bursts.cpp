#include "bench/bursts.h"

#include <algorithm>
#include <cstdint>

#include "strata/base/timer.h"

namespace strata::bench {
namespace {

double burst(const Way& way, int64_t calls, double seconds) {
  double least = 1e30;
  Timer all;
  do {
    Timer t;
    for (int64_t i = 0; i < calls; ++i) way();
    least = std::min(least, t.seconds() / static_cast<double>(calls));
  } while (all.seconds() < seconds);
  return least;
}

}  // namespace

std::vector<double> least_times(const std::vector<Way>& ways, double seconds) {
  std::vector<double> least(ways.size(), 1e30);
  std::vector<int64_t> calls(ways.size());
  for (size_t i = 0; i < ways.size(); ++i) {
    ways[i]();
    const double once = burst(ways[i], 1, 0.002);
    calls[i] = std::max<int64_t>(1, static_cast<int64_t>(20e-6 / once));
  }
  Timer all;
  do {
    for (size_t i = 0; i < ways.size(); ++i) {
      least[i] = std::min(least[i], burst(ways[i], calls[i], 0.02));
    }
  } while (all.seconds() < seconds);
  return least;
}

}  // namespace strata::bench
