#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "strata/base/random.h"
#include "strata/nn/layers/activation.h"
#include "strata/nn/layers/batch_norm.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/sequential.h"
#include "strata/ops/losses.h"
#include "strata/optim/sgd.h"
#include "strata/train/fit.h"
#include "strata/train/supervised.h"

namespace strata::train {

/// 200 points on both sides of the circle of radius 1.
inline TensorDataset points(float spoiled = 0) {
  std::vector<float> x;
  std::vector<int64_t> y;
  Generator g(5);
  for (int i = 0; i < 200; ++i) {
    const double a = 3 * g.uniform() - 1.5, b = 3 * g.uniform() - 1.5;
    x.insert(x.end(), {static_cast<float>(a), static_cast<float>(b)});
    y.push_back(a * a + b * b < 1);
  }
  if (spoiled != 0) x[150] = spoiled;
  return TensorDataset(tensor(x, {200, 2}), tensor(y, {200}));
}

/// Stops a fit after some steps.
class StopAt final : public FitObserver {
 public:
  explicit StopAt(int64_t step) : step_(step) {}
  void stepped(const Progress& p) override { cancel = cancel || p.step == step_; }
  std::atomic<bool> cancel{false};

 private:
  int64_t step_;
};

/// A small training without random numbers in the network. With `norm` it has running statistics.
struct Plain {
  explicit Plain(int64_t batch, double holdout = 0, double lr = 0.02, Transform transform = {},
                 bool norm = false)
      : net([norm] {
          manual_seed(3);
          nn::Sequential layers(nn::Linear({.in = 2, .out = 16}));
          if (norm)
            layers.add(std::make_unique<nn::BatchNorm1d>(nn::BatchNormConfig{.channels = 16}));
          layers.add(std::make_unique<nn::Tanh>());
          layers.add(std::make_unique<nn::Linear>(nn::LinearConfig{.in = 16, .out = 2}));
          return layers;
        }()),
        training(net, std::make_unique<SGD>(net.parameters(), SGDConfig{.lr = lr, .momentum = 0.9}),
                 std::make_shared<TensorDataset>(points()),
                 std::make_shared<TensorDataset>(points()),
                 {.batch = batch,
                  .seed = 9,
                  .holdout = holdout,
                  .loss = [](const Tensor& y, const Tensor& t) { return cross_entropy(y, t); },
                  .schedule = [lr](int64_t) { return schedules::constant(lr); },
                  .transform = std::move(transform)}) {}

  nn::Sequential net;
  Supervised training;
};

/// A training that hands all on to another: what is to differ, a test overrides.
class Forwarding : public Training {
 public:
  explicit Forwarding(Training& to) : to_(to) {}
  nn::Module& model() override { return to_.model(); }
  Optimizer& optimizer() override { return to_.optimizer(); }
  int64_t batches_per_epoch() const override { return to_.batches_per_epoch(); }
  void seek(int64_t epoch, int64_t batch) override { to_.seek(epoch, batch); }
  void next_batch() override { to_.next_batch(); }
  Tensor loss() override { return to_.loss(); }
  double learning_rate(int64_t step, int64_t total) const override {
    return to_.learning_rate(step, total);
  }
  std::optional<double> validate() override { return to_.validate(); }
  Metric evaluate() override { return to_.evaluate(); }

 private:
  Training& to_;
};

}  // namespace strata::train
