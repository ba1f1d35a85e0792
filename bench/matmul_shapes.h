#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace strata::bench {

/// One product of the list: C[m, n] = A B for each of `batch` matrices. trans_a: A is stored as
/// [k, m]; trans_b: B is stored as [n, k].
struct MatmulShape {
  std::string name;
  int64_t batch, m, n, k;
  bool trans_a, trans_b;
};

/// Products of training and inference, those on which libraries are known to stumble, odd sizes.
std::vector<MatmulShape> matmul_shapes();

/// Least time of a call by us and by the best of the library's ways: oneDNN's sgemm, its matmul
/// primitive on plain memory, and with the right factor packed beforehand (`onednn_packed_ms`,
/// which leaves out the packing, and is 0 where the primitive has no format of its own).
struct MatmulRow {
  MatmulShape shape;
  double ms = 0, onednn_ms = 0, onednn_packed_ms = 0;
  std::string onednn_way;  // the fastest on plain memory
  double gflops = 0;       // ours
};

/// Measures one f32 product: short bursts of each way in turn, for `seconds`, so that all see the
/// same clock speed and neighbours.
MatmulRow run_matmul_shape(const MatmulShape& shape, double seconds);

/// Measures the products whose name contains `filter`, `seconds` a shape.
std::vector<MatmulRow> run_matmul_shapes(const std::string& filter, double seconds);

}  // namespace strata::bench
