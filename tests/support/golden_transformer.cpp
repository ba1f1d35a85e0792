#include "tests/support/golden_transformer.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/io/safetensors.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "tests/support/difference.h"
#include "tests/support/rule_weights.h"

namespace strata::testing {
namespace {

/// Within the rounding of a dump in f32.
void expect_close(const Tensor& got, const Tensor& wanted, const std::string& what) {
  ASSERT_TRUE(got.defined()) << what;
  EXPECT_LT(relative_difference(got, wanted, /*least_scale=*/1), 1e-6) << what;
}

}  // namespace

Tensor rule_doubles(const std::string& name, const Shape& shape) {
  return cast(rule_tensor(name, shape), DType::f64);
}

NamedInputs rule_inputs(const std::vector<std::pair<std::string, Shape>>& shapes) {
  NamedInputs inputs;
  for (const auto& [name, shape] : shapes) {
    inputs.emplace_back(name, rule_doubles(name, shape).set_requires_grad());
  }
  return inputs;
}

Tensor padded_keys() {
  return cast(tensor<int64_t>({0, 0, 0, 0, 0, 0, 0, 0, 1, 1}, {2, 5}), DType::boolean);
}

void prepare(nn::Module& module) {
  set_rule_weights(module);
  module.to(DType::f64);
}

void expect_golden(const std::string& name, nn::Module& module, const NamedInputs& inputs,
                   const Tensor& y, const Tensor& weights) {
  static const TensorMap dump =
      load_safetensors(STRATA_SOURCE_DIR "/tests/golden/nn/transformer.safetensors");
  expect_close(y, dump.at(name + ".y"), name + ".y");
  Tensor loss = sum(y * rule_doubles("dy", y.shape()));
  if (weights.defined()) {
    expect_close(weights, dump.at(name + ".weights"), name + ".weights");
    loss = loss + sum(weights * rule_doubles("dweights", weights.shape()));
  }
  backward(loss);
  size_t known = weights.defined() ? 2 : 1;
  const auto compare = [&](const std::string& of, const Tensor& t) {
    const std::string key = name + ".grad." + of;
    ASSERT_TRUE(dump.contains(key)) << key;
    expect_close(t.grad(), dump.at(key), key);
    ++known;
  };
  for (const auto& [of, x] : inputs) compare(of, x);
  for (const nn::NamedTensor& t : module.named_tensors()) compare(t.name, *t.tensor);
  const auto of_case = [&](const auto& entry) { return entry.first.starts_with(name + "."); };
  EXPECT_EQ(static_cast<size_t>(std::count_if(dump.begin(), dump.end(), of_case)), known) << name;
}

}  // namespace strata::testing
