#include "strata/nn/profile.h"

#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "strata/autograd/backward.h"
#include "strata/nn/layers/activation.h"
#include "strata/nn/layers/conv_norm.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/sequential.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/temp_folder.h"

namespace strata::nn {
namespace {

const ProfileRow* find(const std::vector<ProfileRow>& rows, const std::string& name) {
  const auto it =
      std::find_if(rows.begin(), rows.end(), [&](const ProfileRow& r) { return r.name == name; });
  return it == rows.end() ? nullptr : &*it;
}

struct Case {
  Sequential net{Linear({.in = 300, .out = 200}), Tanh(), Linear({.in = 200, .out = 10})};
  Tensor x = randn({64, 300});
};

TEST(Profile, CountsAndTimesLayersAndOpsBothWays) {
  Case c;
  Profile profile(&c.net);
  for (int i = 0; i < 3; ++i) backward(sum(c.net(c.x)));
  profile.stop();
  backward(sum(c.net(c.x)));  // no longer measured
  const auto layers = profile.layers(), ops = profile.ops();
  const ProfileRow* first = find(layers, "0 (Linear)");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->calls, 3);
  EXPECT_GT(first->forward_ms, 0);
  EXPECT_GT(first->backward_ms, 0);
  EXPECT_GE(first->bytes, 3 * 64 * 200 * 4);
  const ProfileRow* tanh = find(ops, "tanh");
  ASSERT_NE(tanh, nullptr);
  EXPECT_GE(tanh->calls, 3);
  EXPECT_GT(tanh->forward_ms, 0);
  double in_layers = 0;
  for (const ProfileRow& r : layers) in_layers += r.forward_ms + r.backward_ms;
  EXPECT_LE(in_layers, 1e3 * profile.seconds());
  EXPECT_LE(profile.op_seconds(), profile.seconds());
  EXPECT_GT(profile.peak_bytes(), 0);
  EXPECT_TRUE(std::is_sorted(layers.begin(), layers.end(), [](const auto& a, const auto& b) {
    return a.forward_ms + a.backward_ms > b.forward_ms + b.backward_ms;
  }));
}

TEST(Profile, TableFitsATerminalAndTheTraceIsJson) {
  Case c;
  const testing::TempFolder folder;
  Profile profile(&c.net);
  {
    const ActivityScope phase(Activity::phase, "step");
    backward(sum(c.net(c.x)));
  }
  profile.stop();
  std::istringstream lines(profile.table(3));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  EXPECT_NE(profile.table(3).find("0 (Linear)"), std::string::npos) << profile.table(3);
  profile.write_trace(folder / "trace.json");
  const auto trace = nlohmann::json::parse(testing::slurp(folder / "trace.json"));
  std::map<std::string, int> kinds;
  double phase_us = 0, inner_us = 0;
  for (const auto& e : trace.at("traceEvents")) {
    if (e.at("ph") != "X") continue;
    ++kinds[e.at("cat")];
    EXPECT_GE(e.at("ts").get<double>(), 0);
    (e.at("cat") == "phase" ? phase_us : inner_us) += e.at("dur").get<double>();
  }
  EXPECT_EQ(kinds["phase"], 1);
  EXPECT_EQ(kinds["layer"], 4);
  EXPECT_GE(kinds["backward"], 4);
  EXPECT_GE(kinds["op"], 4);
  EXPECT_GT(phase_us, 0);
}

struct Block final : Module {
  ConvNorm layer{{.in = 3, .out = 8, .kernel = 3}};
  void members(Visitor& v) override { v("conv", layer.conv)("norm", layer.norm); }
  std::string type() const override { return "Block"; }
  Tensor forward(const Tensor& x) override { return layer(x); }
};

TEST(Profile, MeasuresTheFoldedNormThatIsRunWithoutIt) {
  Block layer;
  layer.eval();
  const NoGrad no_grad;
  const Tensor x = randn({1, 9, 9, 3});
  const auto expected = layer(x).to_vector<float>();
  Profile profile(&layer);
  EXPECT_EQ(layer(x).to_vector<float>(), expected);
  profile.stop();
  EXPECT_EQ(find(profile.layers(), "norm (BatchNorm2d)"), nullptr);
}

TEST(Profile, IsLeftByExceptions) {
  Case c;
  Profile profile(&c.net);
  EXPECT_ANY_THROW(c.net(randn({2, 7})));
  backward(sum(c.net(c.x)));
  profile.stop();
  EXPECT_EQ(find(profile.layers(), "2 (Linear)")->calls, 1);
}

}  // namespace
}  // namespace strata::nn
