#include "tests/support/golden_transformer.h"

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "tests/support/golden_dump.h"
#include "tests/support/rule_weights.h"

namespace strata::testing {

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
  static const GoldenDump dump("nn/transformer");
  constexpr double kClose = 1e-6;  // the rounding of a dump in f32
  dump.expect(name + ".y", y, kClose);
  Tensor loss = sum(y * rule_doubles("dy", y.shape()));
  if (weights.defined()) {
    dump.expect(name + ".weights", weights, kClose);
    loss = loss + sum(weights * rule_doubles("dweights", weights.shape()));
  }
  backward(loss);
  for (const auto& [of, x] : inputs) dump.expect(name + ".grad." + of, x.grad(), kClose);
  dump.expect_gradients(name + ".grad.", module, kClose);
  const size_t outputs = weights.defined() ? 2 : 1;
  EXPECT_EQ(dump.count(name + "."), outputs + inputs.size() + module.named_tensors().size())
      << name;
}

}  // namespace strata::testing
