#include "bench/workloads.h"

#include <memory>
#include <utility>

#include "bench/vision_workloads.h"
#include "models/generative/residual_unet.h"
#include "models/language/charrnn.h"
#include "models/vision/lenet.h"
#include "models/vision/mlp.h"
#include "strata/autograd/backward.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/sequential.h"
#include "strata/ops/creation.h"
#include "strata/ops/losses.h"
#include "strata/optim/adam.h"
#include "strata/optim/sgd.h"

namespace strata::bench {
namespace {

constexpr double kAdamBytes = 28;  // a parameter: p, m, v read and written, g read
constexpr double kSgdBytes = 12;   // p read and written, g read

using Loss = Tensor (*)(const Tensor&, const Tensor&);

/// A network, its optimiser and one batch: forward, backward, update.
template <class Model, class Optim>
std::function<void()> training_step(std::shared_ptr<Model> model, std::shared_ptr<Optim> optimizer,
                                    Tensor x, Tensor y, Loss loss) {
  return [=] {
    optimizer->zero_grad();
    backward(loss((*model)(x), y));
    optimizer->step();
  };
}

Tensor class_loss(const Tensor& logits, const Tensor& y) { return cross_entropy(logits, y); }

Tensor mean_squares(const Tensor& scores, const Tensor& y) { return mse_loss(scores, y); }

Workload mlp() {
  constexpr double kWeights = 784 * 512 + 512 * 512 + 512 * 10;
  return {
      .name = "mlp",
      .what = "784-512-512-10 ReLU, cross-entropy, batch 64, Adam",
      .bytes = kAdamBytes * (kWeights + 512 + 512 + 10),
      .make = [] {
        using nn::Linear;
        auto model = std::make_shared<nn::Sequential>(
            Linear({.in = 784, .out = 512, .activation = nn::Activation::relu}),
            Linear({.in = 512, .out = 512, .activation = nn::Activation::relu}),
            Linear({.in = 512, .out = 10}));
        auto optimizer = std::make_shared<Adam>(model->parameters());
        return training_step(model, optimizer, randn({64, 784}), randint(0, 10, {64}), class_loss);
      }};
}

Workload mlp_13002() {
  return {.name = "mlp-13002",
          .what = "784-16-16-10 sigmoid, MSE (mean over all elements), batch 30, SGD",
          .bytes = kSgdBytes * 13002,
          .make = [] {
            auto model = std::make_shared<models::Mlp13002>();
            auto optimizer = std::make_shared<SGD>(model->parameters(), SGDConfig{.lr = 3});
            return training_step(model, optimizer, randn({30, 784}), rand({30, 10}), mean_squares);
          }};
}

Workload lenet5() {
  return {
      .name = "lenet5", .what = "28x28, batch 128, Adam", .bytes = kAdamBytes * 61706, .make = [] {
        auto model = std::make_shared<models::LeNet5>();
        auto optimizer = std::make_shared<Adam>(model->parameters());
        return training_step(model, optimizer, randn({128, 28, 28, 1}), randint(0, 10, {128}),
                             class_loss);
      }};
}

std::shared_ptr<models::ResidualUNet> ddpm_net() {
  return std::make_shared<models::ResidualUNet>(
      models::ResidualUNetConfig{.channels = 3,
                                 .widths = {64, 128, 128},
                                 .up_widths = {64, 128, 128},
                                 .blocks = 2,
                                 .halve_last = false,
                                 .attention = false,
                                 .doubled_conv = true,
                                 .time_width = 256});
}

Workload ddpm_unet() {
  constexpr double kParameters = 5002243;
  return {.name = "ddpm-unet",
          .what = "64 channels, multiples 1, 2, 2, 32x32, batch 16, MSE, Adam",
          .bytes = kAdamBytes * kParameters,
          .make = [] {
            const Shape images = {16, 32, 32, 3};
            const auto model = ddpm_net();
            const auto optimizer = std::make_shared<Adam>(model->parameters());
            return [=, x = randn(images), y = randn(images), t = ones({images[0]})] {
              optimizer->zero_grad();
              backward(mse_loss((*model)(x, t), y));
              optimizer->step();
            };
          }};
}

Workload lstm() {
  return {.name = "lstm",
          .what = "embedding 65x512, LSTM 2x512, output 65, T 128, batch 64, Adam",
          .bytes = kAdamBytes * (65 * 512 + 2 * (1024 + 2) * 2048 + 513 * 65),
          .make = [] {
            auto model = std::make_shared<models::CharRnn>(
                models::CharRnnConfig{.characters = 65, .width = 512, .hidden = 512, .layers = 2});
            auto optimizer = std::make_shared<Adam>(model->parameters());
            const Tensor ids = randint(0, 65, {64, 128});
            return training_step(model, optimizer, ids, ids, class_loss);
          }};
}

Workload adam() {
  return {.name = "adam",
          .what = "one Adam step on 100 tensors of 1,000,000",
          .bytes = kAdamBytes * 100e6,
          .make = [] {
            std::vector<Tensor> parameters;
            for (int i = 0; i < 100; ++i) {
              parameters.push_back(randn({1000000}).set_requires_grad());
              parameters.back().set_grad(randn({1000000}));
            }
            auto optimizer = std::make_shared<Adam>(parameters);
            return [optimizer] { optimizer->step(); };
          }};
}

}  // namespace

std::vector<Workload> workloads() {
  std::vector<Workload> all = {mlp(), mlp_13002(), lenet5(), ddpm_unet(), lstm(), adam()};
  for (Workload& w : vision_workloads()) all.push_back(std::move(w));
  for (Workload& w : language_workloads()) all.push_back(std::move(w));
  for (Workload& w : encoder_workloads()) all.push_back(std::move(w));
  return all;
}

}  // namespace strata::bench
