#include "tests/support/golden_model.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "strata/ops/views.h"
#include "tests/support/difference.h"

namespace strata::testing {

void expect_near(const Tensor& got, const Tensor& wanted, const std::string& what) {
  ASSERT_TRUE(got.defined()) << what;
  EXPECT_LT(relative_difference(got, wanted, /*least_scale=*/1), 1e-4) << what;
}

void expect_gradients(nn::Module& model, const TensorMap& dump, const std::string& name) {
  std::map<std::string, Tensor> grads;
  for (const nn::NamedTensor& t : model.named_tensors()) {
    if (t.tensor->grad().defined()) grads[t.name] = t.tensor->grad();
  }
  const Tensor& samples = dump.at(name + ".grads");
  ASSERT_EQ(static_cast<int64_t>(grads.size()), samples.size(0)) << name;
  const int64_t count = samples.size(1);
  int64_t i = 0;
  for (const auto& [parameter, grad] : grads) {
    const auto all = grad.to_vector<double>();
    const double largest = select(dump.at(name + ".largest"), 0, i).item<double>();
    const auto wanted = select(samples, 0, i++).to_vector<double>();
    for (int64_t k = 0; k < count; ++k) {
      EXPECT_NEAR(all[static_cast<size_t>(k * grad.numel() / count)],
                  wanted[static_cast<size_t>(k)], 1e-4 * std::max(largest, 1.0))
          << name << ": gradient of " << parameter;
    }
  }
}

}  // namespace strata::testing
