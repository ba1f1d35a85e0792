// A training loop of one's own that can be stopped at any step: network, optimiser, averages,
// random numbers and the loader's place in one file. A resumed run ends with the bits of an
// unbroken one.
#include <cstdio>
#include <filesystem>

#include "strata/strata.h"

using namespace strata;

namespace {

constexpr int64_t kSteps = 200;

/// Goes on where the file says, if there is one, to step `last`; returns the averaged weights.
nn::StateDict run(const std::filesystem::path& path, int64_t last) {
  manual_seed(1);
  nn::Sequential net(nn::Linear({.in = 2, .out = 32}), nn::ReLU(), nn::Dropout({.p = 0.1}),
                     nn::Linear({.in = 32, .out = 2}));
  ParamGroup weights{.weight_decay = 0.01}, biases{.weight_decay = 0};
  for (const Tensor& p : net.parameters()) (p.rank() > 1 ? weights : biases).params.push_back(p);
  AdamW optimizer({weights, biases}, {.lr = 0.02});
  EMA averages(net.parameters(), {.decay = 0.98});
  const Schedule rate = schedules::cosine({.lr = 0.02, .steps = kSteps});
  DataLoader loader(two_moons(1000, 0.1, 1), {.batch = 50, .shuffle = true, .seed = 1});
  int64_t step = 0;
  train::Snapshot snapshot;
  snapshot("net", net)("optimizer", optimizer)("averages", averages)("loader", loader);
  snapshot("random", default_generator())("step", step);
  snapshot.load(path.string());  // false where there is none
  while (step < last) {
    for (const Batch& batch : loader) {
      optimizer.set_lr(rate(step));
      optimizer.zero_grad();
      backward(cross_entropy(net(batch.x), batch.y));
      optimizer.step();
      averages.update();
      if (++step % 50 == 0 || step == last) snapshot.save(path.string());
      if (step == last) break;
    }
  }
  const AveragedScope averaged(&averages);
  std::printf("%d steps\n", static_cast<int>(step));
  return nn::state_dict(net);
}

}  // namespace

int main() {
  const auto folder = std::filesystem::temp_directory_path() / "strata-example-own-loop";
  std::filesystem::create_directories(folder);
  const nn::StateDict unbroken = run(folder / "unbroken", kSteps);
  run(folder / "stopped", 73);
  const nn::StateDict resumed = run(folder / "stopped", kSteps);
  std::filesystem::remove_all(folder);
  for (const auto& [name, value] : unbroken) {
    if (!equal(value, resumed.at(name))) return 1;
  }
}
