#include "strata/train/supervised.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/nn/layers/linear.h"
#include "strata/ops/creation.h"
#include "strata/optim/sgd.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/message.h"

namespace strata::train {
namespace {

using testing::message;

TEST(Supervised, AClassWithoutAnOutputIsAnError) {
  const NoGrad no_grad;
  for (const int64_t outputs : {3, 200}) {  // with a table of what was confused, and without
    nn::Linear net({.in = 2, .out = outputs});
    for (const int64_t foreign : {outputs, int64_t{-1}}) {
      const auto data = std::make_shared<TensorDataset>(
          zeros({4, 2}), tensor(std::vector<int64_t>{0, 2, foreign, 1}, {4}));
      Supervised training(net, std::make_unique<SGD>(net.parameters(), SGDConfig{.lr = 0.1}), data,
                          data, {.loss = {}, .schedule = {}});
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
                      data, {.loss = {}, .schedule = {}});
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
