#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "strata/base/timer.h"

namespace strata::bench {

struct Timing {
  double ms_median = 0;
  double ms_min = 0;
  int64_t runs = 0;
};

/// Times `step` for about `seconds` after two runs of warming up.
inline Timing time_steps(const std::function<void()>& step, double seconds) {
  for (int i = 0; i < 2; ++i) step();
  std::vector<double> ms;
  const Timer all;
  do {
    const Timer one;
    step();
    ms.push_back(1e3 * one.seconds());
  } while (all.seconds() < seconds || ms.size() < 3);
  std::sort(ms.begin(), ms.end());
  return {ms[ms.size() / 2], ms.front(), static_cast<int64_t>(ms.size())};
}

}  // namespace strata::bench
