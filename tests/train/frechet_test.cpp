#include "strata/train/frechet.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/safetensors.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "tests/support/rule_weights.h"

namespace strata::train {
namespace {

const TensorMap& dump() {
  static const TensorMap all =
      load_safetensors(STRATA_SOURCE_DIR "/tests/golden/models/diffusion.safetensors");
  return all;
}

TEST(SymmetricEigen, EqualsLapack) {
  constexpr int64_t kSize = 9;
  const auto matrix = testing::rule_tensor("symmetric", {kSize, kSize}).to_vector<double>();
  Eigen e = symmetric_eigen(matrix, kSize);
  for (int64_t k = 0; k < kSize; ++k) {  // A v = value v
    for (int64_t i = 0; i < kSize; ++i) {
      double sum = 0;
      for (int64_t j = 0; j < kSize; ++j) {
        sum += matrix[static_cast<size_t>(std::min(i, j) * kSize + std::max(i, j))] *
               e.vectors[static_cast<size_t>(j * kSize + k)];
      }
      EXPECT_NEAR(sum,
                  e.values[static_cast<size_t>(k)] * e.vectors[static_cast<size_t>(i * kSize + k)],
                  1e-13);
    }
  }
  std::sort(e.values.begin(), e.values.end());
  const auto wanted = dump().at("eigenvalues").to_vector<double>();
  for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(e.values[i], wanted[i], 1e-13);
}

TEST(SymmetricEigen, RefusesWhatHasNoAnswer) {
  EXPECT_THROW(symmetric_eigen({1, 2, 3}, 2), ShapeError);
  EXPECT_THROW(symmetric_eigen({std::numeric_limits<double>::quiet_NaN()}, 1), NumericError);
  EXPECT_TRUE(symmetric_eigen({}, 0).values.empty());
}

TEST(Frechet, EqualsScipy) {
  struct Case {
    int64_t rows, width;
    double spread, tolerance;
  };
  const auto wanted = dump().at("frechet").to_vector<double>();
  size_t i = 0;
  for (const Case& c : {Case{200, 5, 1, 1e-12}, Case{40, 20, 3, 1e-12}, Case{9, 12, 0.5, 1e-6}}) {
    const std::string width = std::to_string(c.width);
    const Tensor f = testing::rule_tensor("f" + width, {c.rows, c.width});
    Tensor g = cast(testing::rule_tensor("g" + width, {c.rows, c.width}, -c.spread, c.spread + 1),
                    DType::f64);
    const auto own = g.to_vector<double>();
    for (int64_t k = 0; k < g.numel(); ++k) {
      if (k % c.width) g.data<double>()[k] += own[static_cast<size_t>(k - 1)];
    }
    const double got = frechet_distance(gaussian_of(f), gaussian_of(g));
    EXPECT_NEAR(got / wanted[i++], 1, c.tolerance) << c.width;
  }
}

TEST(Frechet, IsNothingBetweenEqualsAndRefusesOtherWidths) {
  const Gaussian a = gaussian_of(testing::rule_tensor("a", {30, 4}));
  EXPECT_NEAR(frechet_distance(a, a), 0, 1e-13);
  EXPECT_THROW(frechet_distance(a, gaussian_of(testing::rule_tensor("b", {30, 5}))), ShapeError);
  EXPECT_THROW(gaussian_of(zeros({1, 4})), ShapeError);
}

}  // namespace
}  // namespace strata::train
