#include "strata/nn/layers/linear.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "recipes/recipe.h"
#include "strata/base/error.h"
#include "strata/nn/layers/conv.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/creation.h"
#include "strata/ops/matmul.h"
#include "strata/ops/views.h"

namespace strata::nn {
namespace {

TEST(Linear, IsTheProductWithItsWeightsTurned) {
  Linear layer({.in = 3, .out = 2, .bias = false});
  const Tensor x = randn({4, 3});
  EXPECT_EQ(layer(x).to_vector<float>(),
            matmul(x, transpose(layer.weight, 0, 1)).to_vector<float>());
}

TEST(Linear, AMissingSizeIsNamed) {
  try {
    Linear layer({.in = 3});
    FAIL() << "made a layer without .out";
  } catch (const ValueError& e) {
    EXPECT_STREQ(e.what(), "[Linear] .out must be given, at least 1");
  }
}

/// Parameters that were made as such: those that are parts of one count as that one.
int64_t visited(Module& model) {
  std::vector<Tensor> made;
  for (const Tensor& p : model.parameters()) {
    const auto same = [&](const Tensor& q) { return q.shares_storage(p); };
    if (std::none_of(made.begin(), made.end(), same)) made.push_back(p);
  }
  return static_cast<int64_t>(made.size());
}

TEST(Module, VisitsEveryParameterItMakes) {
  const DeviceScope meta(kMeta);
  for (const recipes::Recipe& r : recipes::all_recipes()) {
    const int64_t before = parameters_made();
    const auto model = r.model(r.settings());
    EXPECT_EQ(visited(*model), parameters_made() - before)
        << r.name << ": members() leaves something out";
  }
}

TEST(StateDict, HoldsConvolutionsAsPyTorchDoes) {
  Conv2d from({.in = 3, .out = 4, .kernel = {5, 2}}), to({.in = 3, .out = 4, .kernel = {5, 2}});
  const StateDict state = state_dict(from);
  EXPECT_EQ(describe(state.at("weight")), "f32[4, 3, 5, 2]");
  load_state_dict(to, state);
  EXPECT_EQ(to.weight.to_vector<float>(), from.weight.to_vector<float>());
}

TEST(StateDict, WhatDoesNotFitIsListedAndNothingIsWritten) {
  Linear layer({.in = 3, .out = 2});
  const auto before = layer.weight.to_vector<float>();
  StateDict state = state_dict(layer);
  state["weigth"] = state.at("weight");
  state.erase("weight");
  state["bias"] = zeros({5});
  try {
    load_state_dict(layer, state);
    FAIL() << "loaded a dict that does not fit";
  } catch (const ValueError& e) {
    const std::string text = e.what();
    EXPECT_NE(text.find("missing: weight (near: weigth)"), std::string::npos) << text;
    EXPECT_NE(text.find("bias: file f32[5], module f32[2]"), std::string::npos) << text;
  }
  EXPECT_EQ(layer.weight.to_vector<float>(), before);
  const LoadReport report = load_state_dict(layer, state, {.strict = false});
  EXPECT_FALSE(report.complete());
  EXPECT_EQ(lines_of(report),
            (std::vector<std::string>{"missing: weight (near: weigth)",
                                      "unexpected: weigth (near: weight)",
                                      "of another shape: bias: file f32[5], module f32[2]"}));
  state["weight"] = empty({2, 3}, DType::f32, kMeta);
  EXPECT_TRUE(compare_state_dict(layer, state).missing.empty()) << "shapes are enough";
}

}  // namespace
}  // namespace strata::nn
