#include "strata/train/snapshot.h"

#include "strata/base/random.h"
#include "strata/data/loader.h"
#include "strata/data/toys.h"
#include "strata/nn/layers/linear.h"
#include "strata/optim/adam.h"
#include "strata/optim/ema.h"
#include "strata/optim/plateau.h"
#include "tests/fuzz/target.h"

namespace strata::fuzz {
namespace {

/// A loop of which there is all that a snapshot keeps, but for L-BFGS.
struct Loop {
  Loop() {
    snapshot("net", net)("optimizer", optimizer)("averages", averages)("plateau", plateau);
    snapshot("loader", loader)("random", random)("step", step)("best", best);
  }

  nn::Linear net{{.in = 2, .out = 2}};
  Adam optimizer{net.parameters()};
  EMA averages{net.parameters()};
  Plateau plateau;
  DataLoader loader{two_moons(8), {.batch = 2}};
  Generator random;
  int64_t step = 0;
  double best = 0;
  train::Snapshot snapshot;
};

}  // namespace

Target snapshot_target() {
  return {.name = "snapshot", .files = {"loop.safetensors"}, .read = [](const std::string& path) {
            static Loop loop;
            loop.snapshot.load(path);
          }};
}

}  // namespace strata::fuzz
