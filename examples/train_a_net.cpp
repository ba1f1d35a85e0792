// Trains a network on the two half moons: a run folder with checkpoints, log and weights, and
// progress told to a callback, as the library itself prints nothing.
#include <cstdio>
#include <filesystem>
#include <memory>

#include "strata/strata.h"
#include "strata/train/checkpoint.h"

using namespace strata;

namespace {

struct Printer final : train::FitObserver {
  void evaluated(const train::Progress& p, const train::Metric& m) override {
    std::printf("epoch %lld: loss %.4f, %s %.3f\n", static_cast<long long>(p.epoch), p.loss,
                m.name.c_str(), m.value);
  }
};

}  // namespace

int main() {
  manual_seed(1);
  nn::Sequential net(nn::Linear({.in = 2, .out = 32}), nn::Tanh(),
                     nn::Linear({.in = 32, .out = 2}));
  train::Supervised training(
      net, std::make_unique<Adam>(net.parameters(), AdamConfig{.lr = 0.02}),
      std::make_shared<TensorDataset>(two_moons(1000, 0.1, 1)),
      std::make_shared<TensorDataset>(two_moons(500, 0.1, 2)),
      {.batch = 50,
       .seed = 1,
       .loss = [](const Tensor& y, const Tensor& t) { return cross_entropy(y, t); },
       .schedule = [](int64_t n) { return schedules::cosine({.lr = 0.02, .steps = n}); }});

  const auto folder = std::filesystem::temp_directory_path() / "strata-example-moons";
  std::filesystem::remove_all(folder);  // fit takes no folder that holds a run
  Printer printer;
  const train::FitResult result =
      train::fit(training, {.epochs = 10, .run_dir = folder.string()}, &printer);

  nn::Sequential again(nn::Linear({.in = 2, .out = 32}), nn::Tanh(),
                       nn::Linear({.in = 32, .out = 2}));
  train::load_weights(folder.string(), again);
  again.eval();
  const double reloaded = train::accuracy(again, two_moons(500, 0.1, 2));
  std::printf("reloaded: accuracy %.3f\n", reloaded);
  std::filesystem::remove_all(folder);
  return reloaded == result.metric.value && reloaded > 0.9 ? 0 : 1;
}
