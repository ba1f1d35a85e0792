#include "bench/vision_workloads.h"

#include <memory>

#include "models/vision/resnet.h"
#include "strata/autograd/backward.h"
#include "strata/nn/summary.h"
#include "strata/ops/creation.h"
#include "strata/ops/losses.h"
#include "strata/optim/sgd.h"
#include "strata/tape/grad_mode.h"

namespace strata::bench {
namespace {

using models::ResNet;
using models::ResNetConfig;

constexpr double kMomentumBytes = 20;  // a parameter: p and v read and written, g read
// A value in front of a norm: read and written on the way forward; on the way back it and its
// gradient are read for the sums and once more for the result, which is written.
constexpr double kNormBytes = 4 * (2 + 5);

/// What optimiser and batch norms of a training step move.
double training_bytes(const ResNetConfig& config, const Shape& images) {
  const DeviceScope meta(kMeta);
  ResNet model(config);
  model.eval();
  const nn::Summary s = nn::summarize(model, images);
  double bytes = kMomentumBytes * static_cast<double>(s.parameters);
  for (const nn::LayerSummary& layer : s.layers) {
    if (layer.type == "BatchNorm2d") bytes += kNormBytes * static_cast<double>(numel(layer.output));
  }
  return bytes;
}

Workload training(const char* name, const char* what, const ResNetConfig& config,
                  const Shape& images) {
  return {.name = name,
          .what = what,
          .bytes = training_bytes(config, images),
          .make = [=]() -> std::function<void()> {
            const auto model = std::make_shared<ResNet>(config);
            const auto optimizer =
                std::make_shared<SGD>(model->parameters(), SGDConfig{.lr = 0.1, .momentum = 0.9});
            const Tensor x = randn(images), y = randint(0, config.classes, {images[0]});
            return [=] {
              optimizer->zero_grad();
              backward(cross_entropy((*model)(x), y));
              optimizer->step();
            };
          }};
}

Workload inference(const char* name, const char* what, int64_t batch) {
  return {.name = name, .what = what, .make = [=]() -> std::function<void()> {
            const auto model = std::make_shared<ResNet>(models::resnet_config(50));
            model->eval();
            const Tensor x = randn({batch, 224, 224, 3});
            return [=] {
              const NoGrad no_grad;
              (*model)(x);
            };
          }};
}

}  // namespace

std::vector<Workload> vision_workloads() {
  ResNetConfig cifar = models::resnet_config(18);
  cifar.classes = 10;
  cifar.small_images = true;
  return {
      training("resnet18-cifar", "3x3 stem, 32x32, batch 64, SGD momentum", cifar, {64, 32, 32, 3}),
      training("resnet50-train", "224x224, batch 8, SGD momentum", models::resnet_config(50),
               {8, 224, 224, 3}),
      inference("resnet50-infer-1", "224x224, batch 1", 1),
      inference("resnet50-infer-8", "224x224, batch 8", 8)};
}

}  // namespace strata::bench
