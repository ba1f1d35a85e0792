// Whole runs against torch.optim; tools/golden/optim.py made the numbers.
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "strata/optim/adamw.h"
#include "strata/optim/sgd.h"
#include "tests/optim/golden_run.h"

namespace strata {
namespace {

const std::string kDump = "optim";

void check(const std::string& name, const Make& make, bool maximize = false) {
  check_run(kDump, name, make, maximize);
}

TEST(OptimGolden, Sgd) {
  for (int bits = 0; bits < 32; ++bits) {
    const bool momentum = bits & 16, dampening = bits & 8, decay = bits & 4, nesterov = bits & 2,
               maximize = bits & 1;
    if (nesterov && (dampening || !momentum)) continue;
    check(
        fmt::format("sgd.{:05b}", bits),
        [&](const std::vector<Tensor>& params) {
          return std::make_unique<SGD>(params, SGDConfig{.lr = 0.05,
                                                         .momentum = momentum ? 0.9 : 0,
                                                         .dampening = dampening ? 0.25 : 0,
                                                         .weight_decay = decay ? 0.1 : 0,
                                                         .nesterov = nesterov,
                                                         .maximize = maximize});
        },
        maximize);
  }
}

template <class Optim, class Config>
void check_adam(const std::string& kind) {
  for (int bits = 0; bits < 16; ++bits) {
    const bool decay = bits & 8, amsgrad = bits & 4, maximize = bits & 2, eps = bits & 1;
    check(
        fmt::format("{}.{:04b}", kind, bits),
        [&](const std::vector<Tensor>& params) {
          return std::make_unique<Optim>(params, Config{.lr = 0.02,
                                                        .beta1 = 0.8,
                                                        .beta2 = 0.95,
                                                        .eps = eps ? 1e-3 : 1e-8,
                                                        .weight_decay = decay ? 0.1 : 0,
                                                        .amsgrad = amsgrad,
                                                        .maximize = maximize});
        },
        maximize);
  }
  check(kind + ".defaults",
        [](const std::vector<Tensor>& params) { return std::make_unique<Optim>(params); });
  check(kind + ".beta0", [](const std::vector<Tensor>& params) {
    return std::make_unique<Optim>(params, Config{.lr = 0.01, .beta1 = 0, .beta2 = 0.99});
  });
  check(kind + ".beta3", [](const std::vector<Tensor>& params) {
    return std::make_unique<Optim>(params, Config{.lr = 0.01, .beta1 = 0.3, .beta2 = 0.9});
  });
}

TEST(OptimGolden, Adam) { check_adam<Adam, AdamConfig>("adam"); }

TEST(OptimGolden, AdamW) { check_adam<AdamW, AdamWConfig>("adamw"); }

TEST(OptimGolden, Groups) {
  check("sgd.groups", [](const std::vector<Tensor>& params) {
    return std::make_unique<SGD>(two_groups(params), SGDConfig{.lr = 0.01, .momentum = 0.5});
  });
  check("adam.groups", [](const std::vector<Tensor>& params) {
    return std::make_unique<Adam>(two_groups(params), AdamConfig{.lr = 0.01});
  });
  check("adamw.groups", [](const std::vector<Tensor>& params) {
    return std::make_unique<AdamW>(two_groups(params), AdamWConfig{.lr = 0.01});
  });
}

}  // namespace
}  // namespace strata
