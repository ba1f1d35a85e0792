// Whole runs against torch.optim; tools/golden/optim.py made the numbers.
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "strata/io/safetensors.h"
#include "strata/opcases/op_case.h"
#include "strata/optim/adamw.h"
#include "strata/optim/sgd.h"

namespace strata {
namespace {

using Make = std::function<std::unique_ptr<Optimizer>(const std::vector<Tensor>&)>;

const std::vector<Shape> kShapes = {{3, 5}, {7}, {1}};

Tensor drawn(size_t parameter, int position, DType dtype) {
  return opcases::make_input({.shape = kShapes[parameter]}, position, dtype);
}

/// slope * p + noise(step), the gradient of the generator's run.
Tensor gradient(const Tensor& p, double slope, size_t k, int step, DType dtype) {
  std::vector<double> g = p.to_vector<double>();
  const auto noise = drawn(k, 1000 + 8 * step + static_cast<int>(k), dtype).to_vector<double>();
  for (size_t i = 0; i < g.size(); ++i) g[i] = slope * g[i] + noise[i];
  if (dtype == DType::f64) return tensor(g, p.shape());
  return tensor(std::vector<float>(g.begin(), g.end()), p.shape());
}

/// The largest difference to the dump `name` after 1, 10 and 200 steps.
double worst_difference(const std::string& name, const Make& make, double slope, DType dtype) {
  static const TensorMap golden =
      load_safetensors(STRATA_SOURCE_DIR "/tests/golden/optim.safetensors");
  const std::vector<double> wanted = golden.at(name).to_vector<double>();
  std::vector<Tensor> params;
  for (size_t k = 0; k < kShapes.size(); ++k) {
    params.push_back(drawn(k, static_cast<int>(k), dtype).set_requires_grad());
  }
  const auto optimizer = make(params);
  double worst = 0;
  size_t at = 0;
  for (int step = 1; step <= 200; ++step) {
    optimizer->zero_grad();
    for (size_t k = 0; k < params.size(); ++k) {
      if (k != 1 || step % 5 != 2) params[k].set_grad(gradient(params[k], slope, k, step, dtype));
    }
    optimizer->step();
    if (step != 1 && step != 10 && step != 200) continue;
    for (const Tensor& p : params) {
      for (const double x : p.to_vector<double>()) {
        const double difference = std::abs(x - wanted.at(at++));
        worst = difference <= worst ? worst : difference;  // NaN counts as worst
      }
    }
  }
  EXPECT_EQ(at, wanted.size());
  return worst;
}

void check(const std::string& name, const Make& make, bool maximize = false) {
  const double slope = maximize ? -0.5 : 0.5;
  EXPECT_LE(worst_difference(name, make, slope, DType::f64), 1e-10) << name;
  EXPECT_LE(worst_difference(name, make, slope, DType::f32), 2e-4) << name;
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

std::vector<ParamGroup> two_groups(const std::vector<Tensor>& params) {
  return {{.params = {params[0]}, .lr = 0.1, .weight_decay = {}},
          {.params = {params[1], params[2]}, .lr = {}, .weight_decay = 0.3}};
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
