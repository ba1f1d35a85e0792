#pragma once

#include <functional>
#include <vector>

namespace strata::bench {

using Way = std::function<void()>;

/// Least seconds of one call of each way: short bursts in turn for about `seconds`, so that all see
/// the same clock speed and neighbours. Calls too short for the clock are timed by the dozen.
std::vector<double> least_times(const std::vector<Way>& ways, double seconds);

}  // namespace strata::bench
