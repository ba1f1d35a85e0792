// Two trainings at once in one process, each in a thread of its own, one of them cancelled from
// outside: it ends after its step with everything saved, and can be resumed later.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <thread>

#include "strata/strata.h"

using namespace strata;

namespace {

train::FitResult train_once(const train::FitOptions& options) {
  manual_seed(7);  // of this thread
  nn::Sequential net(nn::Linear({.in = 2, .out = 16}), nn::Tanh(),
                     nn::Linear({.in = 16, .out = 3}));
  const auto data = std::make_shared<TensorDataset>(spirals(600));
  train::Supervised training(
      net, std::make_unique<SGD>(net.parameters(), SGDConfig{.lr = 0.1}), data, data,
      {.batch = 20,
       .loss = [](const Tensor& y, const Tensor& t) { return cross_entropy(y, t); },
       .schedule = [](int64_t) { return schedules::constant(0.1); }});
  return train::fit(training, options);
}

}  // namespace

int main() {
  const auto folder = (std::filesystem::temp_directory_path() / "strata-example-cancel").string();
  std::filesystem::remove_all(folder);
  std::atomic<bool> cancel{false};
  train::FitResult stopped, finished;
  std::thread endless(
      [&] { stopped = train_once({.epochs = 1'000'000, .run_dir = folder, .cancel = &cancel}); });
  std::thread short_one([&] { finished = train_once({.epochs = 20}); });
  short_one.join();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  cancel = true;
  endless.join();
  std::printf("the short one took %lld steps; the endless one was stopped and saved at %lld\n",
              static_cast<long long>(finished.steps), static_cast<long long>(stopped.steps));
  const bool saved = std::filesystem::exists(folder + "/checkpoint.safetensors");
  std::filesystem::remove_all(folder);
  return saved && stopped.cancelled && stopped.steps > 0 && finished.steps == 600 ? 0 : 1;
}
