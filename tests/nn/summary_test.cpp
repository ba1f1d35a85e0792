#include "strata/nn/summary.h"

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/nn/layers/batch_norm.h"
#include "strata/nn/layers/dropout.h"
#include "strata/nn/layers/embedding.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/sequential.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"

namespace strata::nn {
namespace {

/// Draws in evaluation mode too.
struct Noise final : Module {
  std::string type() const override { return "Noise"; }
  Tensor forward(const Tensor& x) override { return x + randn(x.shape()); }
};

Sequential make_net() {
  return Sequential(Linear({.in = 3, .out = 4}), BatchNorm1d({.channels = 4}), Dropout({.p = 0.5}),
                    Noise());
}

/// One layer in evaluation, which is to stay so while the rest trains.
void expect_modes(Sequential& net) {
  EXPECT_TRUE(net.training() && net[0].training() && net[2].training());
  EXPECT_FALSE(net[1].training());
}

TEST(Summarize, LeavesTheModelAndTheGeneratorAsTheyWere) {
  Sequential net = make_net();
  const auto before = state_dict(net);
  const Generator generator = default_generator();
  const Summary s = summarize(net, {5, 3});
  EXPECT_EQ(s.macs, 5 * 3 * 4);
  EXPECT_EQ(s.parameters, 3 * 4 + 4 + 2 * 4);
  for (const auto& [name, value] : state_dict(net)) {
    EXPECT_EQ(value.to_vector<double>(), before.at(name).to_vector<double>()) << name;
  }
  EXPECT_EQ(default_generator().stream, generator.stream);
  EXPECT_TRUE(net.training() && net[1].training());
  net[1].eval();
  summarize(net, {5, 3});
  expect_modes(net);
}

TEST(Summarize, PutsTheModesBackWhereItThrows) {
  Sequential net = make_net();
  net[1].eval();
  const Generator generator = default_generator();
  EXPECT_THROW(summarize(net, {5, 7}), ShapeError);
  EXPECT_THROW(summarize(net,
                         [&] {
                           net(randn({5, 3}));
                           throw ValueError("call", "fails");
                         }),
               ValueError);
  expect_modes(net);
  EXPECT_EQ(default_generator().stream, generator.stream);
}

TEST(Summarize, SendsZerosWhichAreIndicesToo) {
  Embedding table({.count = 1, .width = 4});
  EXPECT_EQ(summarize(table, {64, 64}, DType::i64).layers.at(0).output, Shape({64, 64, 4}));
}

}  // namespace
}  // namespace strata::nn
