#include "tests/support/golden_dump.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/nn/state_dict.h"
#include "tests/support/difference.h"
#include "tests/support/rule_weights.h"

namespace strata::testing {

GoldenDump::GoldenDump(const std::string& file)
    : tensors_(load_safetensors(STRATA_SOURCE_DIR "/tests/golden/" + file + ".safetensors")) {}

size_t GoldenDump::count(const std::string& prefix) const {
  return static_cast<size_t>(
      std::count_if(tensors_.begin(), tensors_.end(),
                    [&](const auto& entry) { return entry.first.starts_with(prefix); }));
}

Tensor GoldenDump::find(const std::string& name) const {
  const auto at = tensors_.find(name);
  if (at != tensors_.end()) return at->second;
  ADD_FAILURE() << "no " << name;
  return {};
}

void GoldenDump::expect(const std::string& name, const Tensor& got, double tolerance) const {
  const Tensor wanted = find(name);
  if (!wanted.defined()) return;
  ASSERT_TRUE(got.defined()) << name;
  EXPECT_LT(relative_difference(got, wanted, /*least_scale=*/1), tolerance) << name;
}

void GoldenDump::expect_absolute(const std::string& name, const Tensor& got,
                                 double tolerance) const {
  const Tensor wanted = find(name);
  if (!wanted.defined()) return;
  ASSERT_TRUE(got.defined()) << name;
  EXPECT_LT(largest_difference(got, wanted), tolerance) << name;
}

void GoldenDump::expect_gradients(const std::string& prefix, nn::Module& module,
                                  double tolerance) const {
  for (const nn::NamedTensor& t : module.named_tensors()) {
    const Tensor grad = t.tensor->grad();
    EXPECT_EQ(grad.defined(), contains(prefix + t.name)) << prefix << t.name;
    if (grad.defined()) expect(prefix + t.name, grad, tolerance);
  }
}

void GoldenDump::expect_state(const std::string& prefix, nn::Module& module,
                              double tolerance) const {
  const nn::StateDict state = nn::state_dict(module);
  EXPECT_EQ(state.size(), count(prefix)) << prefix;
  for (const auto& [name, value] : state) expect(prefix + name, value, tolerance);
}

void GoldenDump::expect_pass(const std::string& name, nn::Module& layer, std::vector<Tensor> inputs,
                             const Call& call, double tolerance) const {
  layer.zero_grad();
  for (Tensor& x : inputs) x.set_requires_grad();
  const Tensor y = call(inputs);
  expect(name + ".y", y, tolerance);
  if (!y.requires_grad()) return ADD_FAILURE() << name;
  backward(y, rule_tensor(name + ".dy", y.shape()));
  for (size_t i = 0; i < inputs.size(); ++i) {
    expect(name + ".dx" + std::to_string(i), inputs[i].grad(), tolerance);
  }
  expect_gradients(name + ".grad.", layer, tolerance);
  const std::vector<Tensor> params = layer.parameters();
  EXPECT_EQ(count(name + ".grad."),
            static_cast<size_t>(std::count_if(params.begin(), params.end(),
                                              [](const Tensor& p) { return p.grad().defined(); })))
      << name;
}

}  // namespace strata::testing
