#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace strata::bench {

/// The speed of one elementwise op on a large array. Bytes count each input read and the output
/// written once.
struct ElementwiseRow {
  std::string name;
  double ms = 0;
  double gbs = 0;
  double copy_gbs = 0;  ///< of plain copies of as many elements, measured in turn
};

/// Measures the ops whose name contains `filter` on arrays of `elements`: short bursts of the op
/// and of a copy in turn, for `seconds` an op.
std::vector<ElementwiseRow> run_elementwise(const std::string& filter, int64_t elements,
                                            double seconds);

/// Nanoseconds of small ops, allocation and recording included, by name.
std::vector<std::pair<std::string, double>> run_small_ops(double seconds);

}  // namespace strata::bench
