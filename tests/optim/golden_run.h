#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/io/safetensors.h"
#include "strata/opcases/op_case.h"
#include "strata/optim/optimizer.h"

namespace strata {

using Make = std::function<std::unique_ptr<Optimizer>(const std::vector<Tensor>&)>;

inline const std::vector<Shape> kShapes = {{3, 5}, {7}, {1}};

inline Tensor drawn(size_t parameter, int position, DType dtype) {
  return opcases::make_input({.shape = kShapes[parameter]}, position, dtype);
}

/// slope * p + noise(step), the gradient of the generator's run.
inline Tensor gradient(const Tensor& p, double slope, size_t k, int step, DType dtype) {
  std::vector<double> g = p.to_vector<double>();
  const auto noise = drawn(k, 1000 + 8 * step + static_cast<int>(k), dtype).to_vector<double>();
  for (size_t i = 0; i < g.size(); ++i) g[i] = slope * g[i] + noise[i];
  if (dtype == DType::f64) return tensor(g, p.shape());
  return tensor(std::vector<float>(g.begin(), g.end()), p.shape());
}

/// The largest difference to the dump after 1, 10 and 200 steps.
inline double worst_difference(const std::vector<double>& wanted, const Make& make, double slope,
                               DType dtype) {
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

/// A case of a dump, in f64 and f32.
inline void check_run(const std::string& dump, const std::string& name, const Make& make,
                      bool maximize) {
  static std::map<std::string, TensorMap> dumps;
  TensorMap& golden = dumps[dump];
  if (golden.empty()) {
    golden = load_safetensors(STRATA_SOURCE_DIR "/tests/golden/" + dump + ".safetensors");
  }
  const std::vector<double> wanted = golden.at(name).to_vector<double>();
  const double slope = maximize ? -0.5 : 0.5;
  EXPECT_LE(worst_difference(wanted, make, slope, DType::f64), 1e-10) << name;
  EXPECT_LE(worst_difference(wanted, make, slope, DType::f32), 2e-4) << name;
}

inline std::vector<ParamGroup> two_groups(const std::vector<Tensor>& params,
                                          std::optional<double> weight_decay = 0.3) {
  return {{.params = {params[0]}, .lr = 0.1, .weight_decay = {}},
          {.params = {params[1], params[2]}, .lr = {}, .weight_decay = weight_decay}};
}

}  // namespace strata
