#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
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

}  // namespace strata::train
