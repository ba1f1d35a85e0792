#pragma once

#include <vector>

#include "strata/tensor/tensor.h"

namespace strata::testing {

/// The largest |got - wanted|. Equal infinities differ by 0; a NaN on either side or another size
/// makes it infinite. Another shape is a failure of the test, too.
double largest_difference(const Tensor& got, const Tensor& wanted);
double largest_difference(const std::vector<double>& got, const std::vector<double>& wanted);

/// The largest |value|, infinity if one is NaN.
double largest_value(const Tensor& t);

/// The largest difference over the largest finite |wanted|, or over `least_scale` if that is more.
double relative_difference(const Tensor& got, const Tensor& wanted, double least_scale = 0);
double relative_difference(const std::vector<double>& got, const std::vector<double>& wanted,
                           double least_scale = 0);

}  // namespace strata::testing
