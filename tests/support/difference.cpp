#include "tests/support/difference.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace strata::testing {
namespace {

using Values = std::vector<double>;

bool same_shape(const Tensor& got, const Tensor& wanted) {
  EXPECT_EQ(to_string(got.shape()), to_string(wanted.shape()));
  return got.shape() == wanted.shape();
}

}  // namespace

double largest_difference(const Values& got, const Values& wanted) {
  EXPECT_EQ(got.size(), wanted.size());
  if (got.size() != wanted.size()) return INFINITY;
  double most = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    if (got[i] == wanted[i]) continue;  // infinities too
    const double apart = std::abs(got[i] - wanted[i]);
    most = std::max(most, std::isnan(apart) ? INFINITY : apart);  // max(most, NaN) is most
  }
  return most;
}

double largest_difference(const Tensor& got, const Tensor& wanted) {
  if (!same_shape(got, wanted)) return INFINITY;
  return largest_difference(got.to_vector<double>(), wanted.to_vector<double>());
}

double largest_value(const Tensor& t) {
  const Values values = t.to_vector<double>();
  return largest_difference(values, Values(values.size(), 0));
}

double relative_difference(const Values& got, const Values& wanted, double least_scale) {
  double scale = least_scale;
  for (const double v : wanted) {
    if (std::isfinite(v)) scale = std::max(scale, std::abs(v));
  }
  const double most = largest_difference(got, wanted);
  return most == 0 ? 0 : most / scale;
}

double relative_difference(const Tensor& got, const Tensor& wanted, double least_scale) {
  if (!same_shape(got, wanted)) return INFINITY;
  return relative_difference(got.to_vector<double>(), wanted.to_vector<double>(), least_scale);
}

}  // namespace strata::testing
