#include "strata/train/supervised.h"

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/nn/layers/linear.h"
#include "strata/ops/creation.h"
#include "strata/ops/losses.h"
#include "strata/optim/sgd.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/message.h"

namespace strata::train {
namespace {

using testing::message;

SupervisedConfig plain_config() {
  return {.loss = [](const Tensor& y, const Tensor& t) { return cross_entropy(y, t); },
          .schedule = [](int64_t) { return schedules::constant(0.1); }};
}

TEST(Supervised, SaysWhatIsMissing) {
  nn::Linear net({.in = 2, .out = 3});
  const auto some = std::make_shared<TensorDataset>(zeros({4, 2}), zeros({4}, DType::i64));
  const auto sgd = [&] { return std::make_unique<SGD>(net.parameters(), SGDConfig{.lr = 0.1}); };
  SupervisedConfig no_loss = plain_config(), no_schedule = plain_config(), taken = plain_config();
  no_loss.loss = {};
  no_schedule.schedule = {};
  taken.metric = taken.loss;
  taken.metric_name = "loss";
  const auto said = [&](auto optimizer, auto train_set, auto test_set,
                        const SupervisedConfig& config) {
    return message<ValueError>(
        [&] { Supervised(net, std::move(optimizer), train_set, test_set, config); });
  };
  const std::shared_ptr<const Dataset> none, data = some;
  for (const auto& [what, text] : std::vector<std::pair<std::string, std::string>>{
           {"an optimiser", said(std::unique_ptr<SGD>(), data, data, plain_config())},
           {"a training set", said(sgd(), none, data, plain_config())},
           {"a test set", said(sgd(), data, none, plain_config())},
           {"a loss", said(sgd(), data, data, no_loss)},
           {"a schedule", said(sgd(), data, data, no_schedule)}}) {
    EXPECT_NE(text.find("lacks " + what), std::string::npos) << text;
  }
  EXPECT_NE(said(sgd(), data, data, taken).find("a metric cannot be named 'loss'"),
            std::string::npos);
}

TEST(Supervised, RefusesATestSetWithoutSamples) {
  const NoGrad no_grad;
  nn::Linear net({.in = 2, .out = 3});
  const auto some = std::make_shared<TensorDataset>(zeros({4, 2}), zeros({4}, DType::i64));
  const auto none = std::make_shared<TensorDataset>(zeros({0, 2}), zeros({0}, DType::i64));
  const std::string said = message<ValueError>([&] {
    Supervised(net, std::make_unique<SGD>(net.parameters()), some, none, plain_config());
  });
  EXPECT_NE(said.find("the test set has no sample"), std::string::npos) << said;
  EXPECT_TRUE(std::isnan(accuracy(net, *none)));
  const auto one = [](const Batch&) { return ones({}); };
  EXPECT_TRUE(std::isnan(mean_over(*none, one)));
  EXPECT_THROW(mean_over(*some, one, 0), ValueError);
  EXPECT_THROW(accuracy(net, *some, 0), ValueError);
}

TEST(Supervised, AClassWithoutAnOutputIsAnError) {
  const NoGrad no_grad;
  for (const int64_t outputs : {3, 200}) {  // with a table of what was confused, and without
    nn::Linear net({.in = 2, .out = outputs});
    for (const int64_t foreign : {outputs, int64_t{-1}}) {
      const auto data = std::make_shared<TensorDataset>(
          zeros({4, 2}), tensor(std::vector<int64_t>{0, 2, foreign, 1}, {4}));
      Supervised training(net, std::make_unique<SGD>(net.parameters(), SGDConfig{.lr = 0.1}), data,
                          data, plain_config());
      const std::string wanted = "sample 2 is of class " + std::to_string(foreign) +
                                 ", the model knows " + std::to_string(outputs);
      for (const std::string& said : {message<IndexError>([&] { training.evaluate(); }),
                                      message<IndexError>([&] { accuracy(net, *data); })}) {
        EXPECT_NE(said.find(wanted), std::string::npos) << said;
      }
    }
  }
}

TEST(Supervised, TellsHowFarAnEvaluationIsAndStopsIt) {
  const NoGrad no_grad;
  nn::Linear net({.in = 2, .out = 3});
  const auto data = std::make_shared<TensorDataset>(zeros({2500, 2}), zeros({2500}, DType::i64));
  Supervised training(net, std::make_unique<SGD>(net.parameters(), SGDConfig{.lr = 0.1}), data,
                      data, plain_config());
  std::vector<int64_t> told;
  training.watch_judging([&](const Judging& j) {
    EXPECT_EQ(j.all, 2500);
    told.push_back(j.done);
    return told.size() < 5;
  });
  training.evaluate();
  EXPECT_EQ(told, (std::vector<int64_t>{0, 1000, 2000}));
  EXPECT_THROW(training.evaluate(), Cancelled);
  EXPECT_EQ(told.size(), 5u);
  training.watch_judging({});
  EXPECT_EQ(training.evaluate().samples, 2500);
}

}  // namespace
}  // namespace strata::train
