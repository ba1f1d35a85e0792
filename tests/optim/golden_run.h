#pragma once

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
#include "tests/support/difference.h"

namespace strata {

using Make = std::function<std::unique_ptr<Optimizer>(const std::vector<Tensor>&)>;

/// What is done before step 12.
using Later = std::function<void(Optimizer&, const std::vector<Tensor>&)>;

inline const std::vector<Shape> kShapes = {{3, 5}, {7}, {1}};

inline Tensor drawn(const Shape& shape, int position, DType dtype) {
  return opcases::make_input({.shape = shape}, position, dtype);
}

/// slope * p + noise(step), the gradient of the generator's run.
inline Tensor gradient(const Tensor& p, double slope, size_t k, int step, DType dtype) {
  std::vector<double> g = p.to_vector<double>();
  const auto noise =
      drawn(p.shape(), 1000 + 8 * step + static_cast<int>(k), dtype).to_vector<double>();
  for (size_t i = 0; i < g.size(); ++i) g[i] = slope * g[i] + noise[i];
  if (dtype == DType::f64) return tensor(g, p.shape());
  return tensor(std::vector<float>(g.begin(), g.end()), p.shape());
}

/// Leaves of these shapes.
inline std::vector<Tensor> drawn_params(const std::vector<Shape>& shapes, DType dtype) {
  std::vector<Tensor> params;
  for (const Shape& shape : shapes) {
    params.push_back(drawn(shape, static_cast<int>(params.size()), dtype).set_requires_grad());
  }
  return params;
}

/// The largest difference to the dump after 1, 10 and 200 steps.
inline double worst_difference(const std::vector<double>& wanted, const Make& make, double slope,
                               DType dtype, const Later& later, const std::vector<Shape>& shapes) {
  const std::vector<Tensor> params = drawn_params(shapes, dtype);
  const auto optimizer = make(params);
  std::vector<double> got;
  for (int step = 1; step <= 200; ++step) {
    if (later && step == 12) later(*optimizer, params);
    optimizer->zero_grad();
    for (size_t k = 0; k < params.size(); ++k) {
      Tensor p = params[k];
      if (k != 1 || step % 5 != 2) p.set_grad(gradient(p, slope, k, step, dtype));
    }
    optimizer->step();
    if (step != 1 && step != 10 && step != 200) continue;
    for (const Tensor& p : params) {
      const auto values = p.to_vector<double>();
      got.insert(got.end(), values.begin(), values.end());
    }
  }
  return testing::largest_difference(got, wanted);
}

/// A case of a dump, in f64 and f32.
inline void check_run(const std::string& dump, const std::string& name, const Make& make,
                      bool maximize, const Later& later = {},
                      const std::vector<Shape>& shapes = kShapes) {
  static std::map<std::string, TensorMap> dumps;
  TensorMap& golden = dumps[dump];
  if (golden.empty()) {
    golden = load_safetensors(STRATA_SOURCE_DIR "/tests/golden/" + dump + ".safetensors");
  }
  const std::vector<double> wanted = golden.at(name).to_vector<double>();
  const double slope = maximize ? -0.5 : 0.5;
  EXPECT_LE(worst_difference(wanted, make, slope, DType::f64, later, shapes), 1e-10) << name;
  EXPECT_LE(worst_difference(wanted, make, slope, DType::f32, later, shapes), 2e-4) << name;
}

inline std::vector<ParamGroup> two_groups(const std::vector<Tensor>& params,
                                          std::optional<double> weight_decay = 0.3) {
  return {{.params = {params[0]}, .lr = 0.1},
          {.params = {params[1], params[2]}, .weight_decay = weight_decay}};
}

/// A group for each parameter, with the options of the three.
inline std::vector<ParamGroup> three_groups(const std::vector<Tensor>& params,
                                            std::vector<ParamGroup> options) {
  for (size_t i = 0; i < 3; ++i) options[i].params = {params[i]};
  return options;
}

}  // namespace strata
