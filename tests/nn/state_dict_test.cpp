#include "strata/nn/state_dict.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/safetensors.h"
#include "strata/nn/layers/batch_norm.h"
#include "strata/nn/layers/conv.h"
#include "strata/nn/layers/embedding.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/sequential.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata::nn {
namespace {

using testing::message;

/// A table that is the head's weight too, as language models have it.
struct TiedHead final : Module {
  Embedding table{{.count = 2, .width = 1}};
  Linear head{{.in = 1, .out = 2, .bias = false}};

  TiedHead() { head.weight = table.weight; }
  std::string type() const override { return "TiedHead"; }
  void members(Visitor& v) override { v("table", table)("head", head); }
};

TEST(StateDict, TakesASharedTensorUnderAnyOfItsNames) {
  const Tensor one = tensor<float>({1, 2}, {2, 1}), other = tensor<float>({3, 4}, {2, 1});
  const auto loaded = [](StateDict state) {
    TiedHead net;
    EXPECT_TRUE(load_state_dict(net, std::move(state)).complete());
    EXPECT_TRUE(net.table.weight.same_as(net.head.weight));
    return net.table.weight.to_vector<float>();
  };
  const std::vector<float> last = {3, 4};
  EXPECT_EQ(loaded({{"table.weight", one}, {"head.weight", other}}), last);
  EXPECT_EQ(loaded({{"table.weight", other}}), last);
  EXPECT_EQ(loaded({{"head.weight", other}}), last);
}

TEST(StateDict, HoldsASharedTensorOnceOrUnderAllItsNames) {
  TiedHead net;
  EXPECT_EQ(state_dict(net).size(), 1u);
  const StateDict all = state_dict(net, {.all_names = true});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_TRUE(all.at("table.weight").shares_storage(all.at("head.weight")));
  EXPECT_FALSE(all.at("table.weight").shares_storage(net.table.weight));
  TiedHead other;
  EXPECT_TRUE(load_state_dict(other, all).complete());
  EXPECT_EQ(other.head.weight.to_vector<float>(), net.head.weight.to_vector<float>());
}

TEST(StateDict, BuffersHaveALayoutToo) {
  struct Masked final : Module {
    Conv2d conv{{.in = 2, .out = 3, .kernel = 5}};
    Tensor mask = rand({3, 5, 4, 2});
    std::string type() const override { return "Masked"; }
    void members(Visitor& v) override { v("conv", conv).buffer("mask", mask, Layout::conv_weight); }
  } net, other;
  EXPECT_EQ(net.named_tensors().back().layout, Layout::conv_weight);
  EXPECT_EQ(net.parameters().size(), 2u);
  const StateDict state = state_dict(net);
  EXPECT_EQ(describe(state.at("mask")), "f32[3, 2, 5, 4]");
  EXPECT_EQ(select(state.at("mask"), 1, 1).to_vector<float>(),
            select(net.mask, 3, 1).to_vector<float>());
  EXPECT_TRUE(load_state_dict(other, state).complete());
  EXPECT_EQ(other.mask.to_vector<float>(), net.mask.to_vector<float>());
}

TEST(StateDict, TwoMembersOfOneNameAreRefused) {
  struct Twice final : Module {
    Linear a{{.in = 2, .out = 3}}, b{{.in = 2, .out = 3}};
    std::string type() const override { return "Twice"; }
    void members(Visitor& v) override { v("fc1", a)("fc1", b); }
  } twice;
  EXPECT_THROW(state_dict(twice), ValueError);
  Linear one({.in = 2, .out = 3});
  StateDict state;
  for (const auto& [name, value] : state_dict(one)) state["fc1." + name] = value;
  EXPECT_THROW(load_state_dict(twice, state), ValueError);
}

TEST(StateDict, SaysWhatDoesNotFitASharedTensor) {
  TiedHead net;
  EXPECT_EQ(compare_state_dict(net, {}).missing, std::vector<std::string>{"table.weight"});
  const LoadReport report =
      compare_state_dict(net, {{"table.weight", zeros({2, 1})}, {"head.weight", zeros({3, 1})}});
  EXPECT_EQ(report.mismatched,
            std::vector<std::string>{"head.weight: file f32[3, 1], module f32[2, 1]"});
  EXPECT_TRUE(report.missing.empty());
  const std::string fault = message<ValueError>([&] {
    load_state_dict(net, {{"table.weight", zeros({2, 1})}, {"head.bias", zeros({2})}});
  });
  for (const char* said : {"1 unexpected: head.bias", "strict = false", "--no-strict"}) {
    EXPECT_NE(fault.find(said), std::string::npos) << said << "\n" << fault;
  }
}

TEST(StateDict, HalfModelsWithBatchNormAreSavedAndLoaded) {
  const auto make = [] {
    return Sequential(Conv2d({.in = 2, .out = 3, .kernel = 3}), BatchNorm2d({.channels = 3}));
  };
  const Tensor x = cast(randn({4, 5, 5, 2}), DType::bf16);
  Sequential net = make();
  net.to(DType::bf16);
  net(x);
  const testing::TempFolder folder;
  save_safetensors(folder / "half.safetensors", state_dict(net));
  const StateDict state = load_safetensors(folder / "half.safetensors");
  EXPECT_EQ(describe(state.at("1.weight")), "bf16[3]");
  EXPECT_EQ(describe(state.at("1.running_var")), "f32[3]");
  Sequential again = make();
  again.to(DType::bf16);
  load_state_dict(again, state);
  net.eval();
  again.eval();
  const NoGrad no_grad;
  EXPECT_EQ(again(x).to_vector<float>(), net(x).to_vector<float>());
}

}  // namespace
}  // namespace strata::nn
