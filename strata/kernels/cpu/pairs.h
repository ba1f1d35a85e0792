#pragma once

#include <algorithm>
#include <cstdint>

namespace strata::kernels::cpu {

// The pairs of n rows stand in the order of their first, then of their second row: 0 and 1, 0 and
// 2, ..., 1 and 2.

/// How many pairs begin with a row before row i: where those of row i are.
inline int64_t pairs_before(int64_t i, int64_t n) { return i * (2 * n - i - 1) / 2; }

/// The k-th of n places, taken from both ends in turn. A row has more pairs the farther it is from
/// one end: so each block of k has its share of the work.
inline int64_t from_both_ends(int64_t k, int64_t n) { return k % 2 == 0 ? k / 2 : n - 1 - k / 2; }

/// What stands at the pairs of row i with each of the n rows; 0 at its own place.
template <class T>
void row_of_pairs(const T* pairs, int64_t i, int64_t n, T* row) {
  for (int64_t j = 0; j < i; ++j) row[j] = pairs[pairs_before(j, n) + i - j - 1];
  row[i] = 0;
  std::copy_n(pairs + pairs_before(i, n), n - i - 1, row + i + 1);
}

}  // namespace strata::kernels::cpu
