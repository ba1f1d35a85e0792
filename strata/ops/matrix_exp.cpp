#include "strata/ops/matrix_exp.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/linalg.h"
#include "strata/ops/matmul.h"
#include "strata/ops/matrices.h"
#include "strata/ops/matrix_norms.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

/// How often each matrix is to be halved so that the approximant is exact to the last digit.
std::vector<double> halvings(const Tensor& a) {
  constexpr double kLargest = 5.371920351148152;  // of the 1-norm, for degree 13 in f64
  std::vector<double> counts = matrix_norm(a, 1).to_vector<double>();
  for (double& c : counts) {
    c = std::isfinite(c) && c > kLargest ? std::ceil(std::log2(c / kLargest)) : 0;
  }
  return counts;
}

/// Of matrices whose 1-norm is small enough.
Tensor approximant(const Tensor& a) {
  // Divided by the first one, which leaves the quotient as it is: f32 could not hold the products.
  constexpr double kFactors[] = {64764752532480000.0,
                                 32382376266240000.0,
                                 7771770303897600.0,
                                 1187353796428800.0,
                                 129060195264000.0,
                                 10559470521600.0,
                                 670442572800.0,
                                 33522128640.0,
                                 1323241920.0,
                                 40840800.0,
                                 960960.0,
                                 16380.0,
                                 182.0,
                                 1.0};
  const auto b = [&](int i) { return kFactors[i] / kFactors[0]; };
  const Tensor unit = eye(a.size(-1), a.dtype(), a.device());
  const Tensor a2 = matmul(a, a), a4 = matmul(a2, a2), a6 = matmul(a2, a4);
  const Tensor odd = matmul(a, matmul(a6, b(13) * a6 + b(11) * a4 + b(9) * a2) + b(7) * a6 +
                                   b(5) * a4 + b(3) * a2 + b(1) * unit);
  const Tensor even = matmul(a6, b(12) * a6 + b(10) * a4 + b(8) * a2) + b(6) * a6 + b(4) * a4 +
                      b(2) * a2 + b(0) * unit;
  return solve(even - odd, even + odd);
}

Tensor exponential(const Tensor& a) {
  const std::vector<double> counts = halvings(a);
  const auto most = static_cast<int>(*std::max_element(counts.begin(), counts.end()));
  const Shape each = joined(internal::front_of(a, 2), {1, 1});
  std::vector<double> scales(counts.size());
  std::transform(counts.begin(), counts.end(), scales.begin(),
                 [](double c) { return std::exp2(-c); });
  const Tensor squarings = tensor(counts, each);
  Tensor y = approximant(a * cast(tensor(scales, each), a.dtype()));
  // A matrix takes no squaring for the sake of another in its batch, which could overflow.
  for (int i = 0; i < most; ++i) y = where(squarings > i, matmul(y, y), y);
  return y;
}

}  // namespace

Tensor matrix_exp(const Tensor& a) {
  internal::check_matrices("matrix_exp", a, true);
  Tensor y = empty(a.shape(), a.dtype(), a.device());
  on_cpu("matrix_exp", a, [&](Cpu) {
    const NoGrad no_grad;
    if (a.numel() > 0) y = exponential(a);
  });
  return record("matrix_exp", {a}, y, [a = save(a)](const Tensor& dy, Needs) -> Grads {
    // Mathias, "A chain rule for matrix functions and applications", 1996.
    const Tensor t = internal::transposed(a.get());
    // The gradient is linear in dy: a large one must not have the matrices halved for its sake.
    const Tensor size = matrix_norm(dy.detach(), 1, {-2, -1}, true),
                 scale = where(size > 0, size, 1);
    const Tensor rows[] = {concat({t, dy / scale}, -1), concat({zeros_like(t), t}, -1)};
    const int64_t n = t.size(-1);
    return {slice(slice(matrix_exp(concat(rows, -2)), -2, 0, n), -1, n) * scale};
  });
}

}  // namespace strata
