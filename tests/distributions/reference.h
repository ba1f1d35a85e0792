#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/autograd/gradcheck.h"
#include "strata/io/safetensors.h"
#include "strata/opcases/op_case.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/reduce.h"
#include "tests/support/difference.h"

// What is asked of cases whose outputs are those of a distribution for its parameters.
namespace strata::distributions::testing {

using opcases::OpCase;
using strata::testing::relative_difference;
using Tensors = std::vector<Tensor>;

inline Tensors with_gradients(const OpCase& c, DType dtype) {
  Tensors inputs = opcases::make_inputs(c, dtype);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (c.inputs[i].grad && !c.inputs[i].integer) inputs[i].set_requires_grad();
  }
  return inputs;
}

/// Values and first gradients equal those of tests/golden/`file`, all of which are compared.
inline void expect_reference(const std::vector<OpCase>& cases, const char* file, DType dtype,
                             double tolerance) {
  const TensorMap golden = load_safetensors(std::string(STRATA_SOURCE_DIR "/tests/golden/") + file);
  size_t compared = 0;
  for (const OpCase& c : cases) {
    const Tensors inputs = with_gradients(c, dtype), ys = c.run(inputs);
    Tensor loss = scalar(0.0);
    for (size_t i = 0; i < ys.size(); ++i, ++compared) {
      EXPECT_EQ(ys[i].dtype(), dtype) << c.name << " output " << i;
      EXPECT_LE(relative_difference(ys[i], golden.at(c.name + ".y" + std::to_string(i))), tolerance)
          << c.name << " output " << i;
      const auto weights = opcases::output_weights(ys[i], static_cast<int>(i));
      if (ys[i].requires_grad()) loss = loss + sum(cast(ys[i] * weights, DType::f64));
    }
    backward(loss);
    for (size_t i = 0; i < inputs.size(); ++i) {
      const auto it = golden.find(c.name + ".g" + std::to_string(i));
      ASSERT_EQ(inputs[i].grad().defined(), it != golden.end()) << c.name << " input " << i;
      if (it == golden.end()) continue;
      ++compared;
      EXPECT_LE(relative_difference(inputs[i].grad(), it->second), tolerance)
          << c.name << " gradient " << i;
    }
  }
  EXPECT_EQ(compared, golden.size());
}

inline void expect_second_order(const std::vector<OpCase>& cases) {
  for (const OpCase& c : cases) {
    const GradCheckResult result = gradcheck(c.run, with_gradients(c, DType::f64), 2);
    EXPECT_LE(result.error, 1e-5) << c.name << ": " << result.where;
  }
}

inline void expect_meta_shapes(const std::vector<OpCase>& cases) {
  for (const OpCase& c : cases) {
    const Tensors real = opcases::make_inputs(c, DType::f32);
    Tensors meta;
    for (const Tensor& x : real) meta.push_back(empty(x.shape(), x.dtype(), kMeta));
    const Tensors ys = c.run(real), shapes = c.run(meta);
    for (size_t i = 0; i < ys.size(); ++i) {
      EXPECT_EQ(describe(shapes[i]), describe(ys[i])) << c.name << " output " << i;
      EXPECT_TRUE(shapes[i].is_meta()) << c.name << " output " << i;
    }
  }
}

}  // namespace strata::distributions::testing
