#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "strata/tensor/tensor.h"

namespace strata::distributions::testing {

/// Equal up to 1e-6, infinities and NaN in the same places.
inline void expect_values(const Tensor& got, const std::vector<double>& wanted) {
  const auto values = got.to_vector<double>();
  ASSERT_EQ(values.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (std::isnan(wanted[i])) {
      EXPECT_TRUE(std::isnan(values[i])) << i << ": " << values[i];
    } else if (std::isinf(wanted[i])) {
      EXPECT_EQ(values[i], wanted[i]) << i;
    } else {
      EXPECT_NEAR(values[i], wanted[i], 1e-6 * std::max(1.0, std::abs(wanted[i]))) << i;
    }
  }
}

}  // namespace strata::distributions::testing
