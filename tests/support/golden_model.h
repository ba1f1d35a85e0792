#pragma once

#include <string>

#include "strata/io/safetensors.h"
#include "strata/nn/module.h"

namespace strata::testing {

/// Whether two tensors of one shape lie within 1e-4 of each other, relative to the larger of 1 and
/// the reference's largest value; says where not.
void expect_near(const Tensor& got, const Tensor& wanted, const std::string& what);

/// Compares the model's gradients, in the order of their names, with evenly spaced samples of the
/// reference's: `dump` holds "CASE.grads" [parameters, samples] and "CASE.largest" [parameters].
void expect_gradients(nn::Module& model, const TensorMap& dump, const std::string& name);

}  // namespace strata::testing
