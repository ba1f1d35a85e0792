#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace strata {

/// Two tokens and what they become, by their numbers, which are not negative.
struct MergeIds {
  int64_t left = 0, right = 0, result = 0;
};

/// The place of a merge that leads in a circle, its result being needed to make one of its own
/// parts; nothing where there is none. Takes memory for the largest number.
std::optional<size_t> cyclic_merge(const std::vector<MergeIds>& merges);

}  // namespace strata
