#include "strata/text/merge_cycle.h"

#include <algorithm>

namespace strata {
namespace {

/// For each token the merges that have it as a part, one behind the other.
struct Uses {
  Uses(const std::vector<MergeIds>& merges, size_t tokens) : first(tokens + 1, 0) {
    for (const MergeIds& m : merges) {
      for (int64_t part : {m.left, m.right}) ++first[static_cast<size_t>(part) + 1];
    }
    for (size_t t = 0; t < tokens; ++t) first[t + 1] += first[t];
    merge.resize(first[tokens]);
    std::vector<size_t> next(first.begin(), first.end() - 1);
    for (size_t i = 0; i < merges.size(); ++i) {
      for (int64_t part : {merges[i].left, merges[i].right}) {
        merge[next[static_cast<size_t>(part)]++] = i;
      }
    }
  }
  std::vector<size_t> first, merge;
};

/// Against the direction of the merges, from part to part, until one comes again.
size_t on_circle(const std::vector<MergeIds>& merges, const std::vector<size_t>& waits) {
  const auto stuck = [&](int64_t token) { return waits[static_cast<size_t>(token)] > 0; };
  std::vector<size_t> maker(waits.size(), merges.size());
  size_t at = merges.size();
  for (size_t i = 0; i < merges.size(); ++i) {
    if (!stuck(merges[i].left) && !stuck(merges[i].right)) continue;
    maker[static_cast<size_t>(merges[i].result)] = at = i;
  }
  std::vector<bool> seen(merges.size(), false);
  while (!seen[at]) {
    seen[at] = true;
    const MergeIds& m = merges[at];
    at = maker[static_cast<size_t>(stuck(m.left) ? m.left : m.right)];
  }
  return at;
}

}  // namespace

std::optional<size_t> cyclic_merge(const std::vector<MergeIds>& merges) {
  int64_t largest = -1;
  for (const MergeIds& m : merges) largest = std::max({largest, m.left, m.right, m.result});
  const auto tokens = static_cast<size_t>(largest + 1);
  const Uses uses(merges, tokens);
  // A token is settled once all parts of all merges that make it are.
  std::vector<size_t> waits(tokens, 0), settled;
  for (const MergeIds& m : merges) waits[static_cast<size_t>(m.result)] += 2;
  for (size_t t = 0; t < tokens; ++t) {
    if (waits[t] == 0) settled.push_back(t);
  }
  for (size_t i = 0; i < settled.size(); ++i) {
    for (size_t k = uses.first[settled[i]]; k < uses.first[settled[i] + 1]; ++k) {
      const auto result = static_cast<size_t>(merges[uses.merge[k]].result);
      if (--waits[result] == 0) settled.push_back(result);
    }
  }
  if (settled.size() == tokens) return std::nullopt;
  return on_circle(merges, waits);
}

}  // namespace strata
