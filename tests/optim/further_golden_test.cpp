// Whole runs against torch.optim; tools/golden/optim_further.py made the numbers.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/optim/adafactor.h"
#include "strata/optim/asgd.h"
#include "strata/optim/muon.h"
#include "tests/optim/golden_run.h"
#include "tests/support/bits.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

const std::string kDump = "optim_further";
const std::vector<Shape> kMatrices = {{3, 5}, {6, 3}, {4, 4}};

/// All cases of `count` bits, the last of them maximize where there is one, and the defaults.
template <class Optim, class Configure>
void check_cases(const std::string& kind, int count, const Configure& configure, bool has_maximize,
                 const std::vector<Shape>& shapes = kShapes) {
  for (int n = 0; n < 1 << count; ++n) {
    std::vector<bool> bits;
    std::string name = kind + ".";
    for (int i = count - 1; i >= 0; --i) {
      bits.push_back(n >> i & 1);
      name += bits.back() ? '1' : '0';
    }
    check_run(
        kDump, name,
        [&](const std::vector<Tensor>& params) {
          return std::make_unique<Optim>(params, configure(bits));
        },
        has_maximize && bits.back(), {}, shapes);
  }
  check_run(
      kDump, kind + ".defaults",
      [](const std::vector<Tensor>& params) { return std::make_unique<Optim>(params); }, false, {},
      shapes);
}

template <class Optim, class Config>
void check_groups(const std::string& kind, const std::vector<ParamGroup>& options,
                  const Config& config, const std::vector<Shape>& shapes = kShapes) {
  check_run(
      kDump, kind + ".groups",
      [&](const std::vector<Tensor>& params) {
        return std::make_unique<Optim>(three_groups(params, options), config);
      },
      false, {}, shapes);
}

const std::vector<ParamGroup> kGroups = {{.lr = 0.2}, {.params = {}, .weight_decay = 0.3}, {}};

TEST(OptimFurther, ASGD) {
  check_cases<ASGD>(
      "asgd", 4,
      [](const std::vector<bool>& bits) {
        ASGDConfig config{.lr = 0.1, .maximize = bits[3]};
        if (bits[0]) config.weight_decay = 0.1;
        if (bits[1]) config.lambda = 0.02, config.alpha = 0.6;
        if (bits[2]) config.t0 = 5;
        return config;
      },
      true);
  check_groups<ASGD>("asgd", kGroups, ASGDConfig{.lr = 0.05});
}

TEST(OptimFurther, Adafactor) {
  check_cases<Adafactor>(
      "adafactor", 5,
      [](const std::vector<bool>& bits) {
        AdafactorConfig config{.lr = 0.05, .maximize = bits[4]};
        if (bits[0]) config.weight_decay = 0.1;
        if (bits[1]) config.eps1 = 0.3, config.eps2 = 0.9;
        if (bits[2]) config.d = 3;
        if (bits[3]) config.beta2_decay = -0.3;
        return config;
      },
      true);
  check_groups<Adafactor>("adafactor", kGroups, AdafactorConfig{.lr = 0.05});
  check_run(kDump, "adafactor.stacks",
            [](const std::vector<Tensor>& params) {
              return std::make_unique<Adafactor>(params, AdafactorConfig{.lr = 0.05});
            },
            false, {}, {{2, 3, 4}, {5, 1}, {2, 1, 3, 2}});
}

TEST(OptimFurther, Muon) {
  check_cases<Muon>(
      "muon", 4,
      [](const std::vector<bool>& bits) {
        MuonConfig config{.lr = 0.02};
        if (bits[0]) config.weight_decay = 0;
        config.nesterov = !bits[1];
        if (bits[2]) config.rate = MuonRate::match_rms_adamw;
        if (bits[3]) config.momentum = 0.8, config.coefficients = {2, -1.5, 0.5}, config.steps = 3;
        return config;
      },
      false, kMatrices);
  check_groups<Muon>("muon", {{.lr = 0.2}, {.weight_decay = 0.3}, {.momentum = 0.5}},
                     MuonConfig{.lr = 0.05}, kMatrices);
}

TEST(OptimFurther, MuonStaysNearPyTorchsOwnInBf16) {
  const TensorMap golden =
      load_safetensors(STRATA_SOURCE_DIR "/tests/golden/optim_further.safetensors");
  const auto difference = [&](bool bf16) {
    return worst_difference(
        golden.at("muon.bf16").to_vector<double>(),
        [&](const std::vector<Tensor>& params) {
          return std::make_unique<Muon>(params, MuonConfig{.lr = 0.02, .bf16 = bf16});
        },
        0.5, DType::f64, {}, kMatrices);
  };
  const double own = difference(false), rough = difference(true);
  EXPECT_LE(own, 0.03);
  EXPECT_LE(rough, 0.03);
  EXPECT_NE(own, rough);
}

void set_grads(std::vector<Tensor>& params, int step) {
  for (size_t k = 0; k < params.size(); ++k) {
    params[k].set_grad(gradient(params[k], 0.5, k, step, params[k].dtype()));
  }
}

template <class Optim>
void expect_resumable(const std::vector<Shape>& shapes, const std::string& names) {
  std::vector<Tensor> params = drawn_params(shapes, DType::f32);
  auto optimizer = std::make_unique<Optim>(params);
  for (int step = 1; step <= 3; ++step) {
    set_grads(params, step);
    optimizer->step();
  }
  OptimizerState state = optimizer->state();
  std::string found;
  for (const auto& [name, value] : state.tensors) found += name + ":" + describe(value) + " ";
  for (const auto& [name, value] : state.numbers) {
    if (name.starts_with("state.")) found += name + " ";
  }
  EXPECT_EQ(found, names);

  std::vector<Tensor> others;
  for (const Tensor& p : params) others.push_back(copy(p.detach()).set_requires_grad());
  Optim other(others);
  other.load_state(state);
  for (int step = 4; step <= 6; ++step) {
    for (auto* list : {&params, &others}) set_grads(*list, step);
    optimizer->step();
    other.step();
  }
  for (size_t i = 0; i < params.size(); ++i) {
    EXPECT_EQ(params[i].template to_vector<float>(), others[i].template to_vector<float>());
  }
  state.tensors.begin()->second = ones({9});
  EXPECT_THROW(other.load_state(state), ShapeError);
  state.tensors.erase(state.tensors.begin());
  EXPECT_THROW(other.load_state(state), ValueError);
}

TEST(OptimFurther, TheirStatesHavePyTorchsNames) {
  expect_resumable<ASGD>({{2, 3}}, "state.0.ax:f32[2, 3] state.0.eta state.0.mu state.0.step ");
  expect_resumable<Adafactor>(
      {{2, 3}, {4}, {5, 2, 3}},
      "state.0.col_var:f32[1, 3] state.0.row_var:f32[2, 1] state.1.variance:f32[4] "
      "state.2.col_var:f32[5, 1, 3] state.2.row_var:f32[5, 2, 1] state.0.step state.1.step "
      "state.2.step ");
  expect_resumable<Muon>({{2, 3}}, "state.0.momentum_buffer:f32[2, 3] state.0.step ");
}

TEST(OptimFurther, MuonTakesAStateWithoutSteps) {
  std::vector<Tensor> params = drawn_params({{2, 3}}, DType::f32);
  Muon optimizer(params);
  OptimizerState state = optimizer.state();
  state.tensors["state.0.momentum_buffer"] = full({2, 3}, 0.5);
  optimizer.load_state(state);
  EXPECT_EQ(optimizer.state().tensors.at("state.0.momentum_buffer").to_vector<float>(),
            std::vector<float>(6, 0.5));
}

TEST(OptimFurther, AsgdAveragesFromT0On) {
  Tensor p = tensor<double>({1.0}).set_requires_grad();
  ASGD optimizer({p}, {.lr = 1, .lambda = 0, .t0 = 2});
  std::vector<double> averages;
  for (int step = 1; step <= 6; ++step) {
    p.set_grad(tensor<double>({-1.0}));
    optimizer.step();
    averages.push_back(optimizer.state().tensors.at("state.0.ax").item<double>());
  }
  EXPECT_EQ(averages, (std::vector<double>{2, 3, 4, 5, 5.5, 6}))
      << "means of 4 ... 4 + n from step 4";
}

TEST(OptimFurther, AsgdAveragesAreTheParametersBeforeT0) {
  std::vector<Tensor> params = drawn_params({{3, 5}}, DType::f32);
  ASGD optimizer(params, {.lr = 0.3});
  for (int step = 1; step <= 3; ++step) {
    set_grads(params, step);
    optimizer.step();
    EXPECT_EQ(optimizer.state().tensors.at("state.0.ax").to_vector<float>(),
              params[0].to_vector<float>())
        << "to the bit";
  }
}

TEST(OptimFurther, TheBitsDoNotDependOnThreads) {
  const int before = thread_count();
  std::string first;
  for (const int threads : {1, 2, 3, 4}) {
    set_thread_count(threads);
    manual_seed(3);
    std::vector<Tensor> params;
    for (const Shape& shape : {Shape{300, 200}, Shape{3, 70'000}, Shape{5, 40, 200}}) {
      params.push_back(randn(shape).set_requires_grad());
    }
    Adafactor factored(params);
    Muon orthogonal({params[0], params[1]});
    ASGD averaged(params);
    for (int step = 0; step < 2; ++step) {
      for (Tensor& p : params) p.set_grad(randn(p.shape()));
      factored.step();
      orthogonal.step();
      averaged.step();
    }
    const std::string bits = testing::bits({{"0", params[0]}, {"1", params[1]}, {"2", params[2]}});
    if (threads == 1) first = bits;
    EXPECT_TRUE(bits == first) << threads << " threads";
  }
  set_thread_count(before);
}

TEST(OptimFurther, EmptyParametersAndMissingGradientsAreLeftOut) {
  Tensor empty_one = zeros({0, 3}).set_requires_grad(), full_one = ones({2, 3}).set_requires_grad();
  const Tensor without = ones({2, 2}).set_requires_grad();
  Adafactor factored({empty_one, full_one, without});
  Muon orthogonal({empty_one, full_one, without});
  empty_one.set_grad(zeros({0, 3}));
  full_one.set_grad(ones({2, 3}));
  factored.step();
  orthogonal.step();
  for (const float x : full_one.to_vector<float>()) EXPECT_LT(x, 1);
  EXPECT_EQ(without.to_vector<float>(), std::vector<float>(4, 1));
}

TEST(OptimFurther, SayWhatTheyDoNotTake) {
  const Tensor vector = ones({3}).set_requires_grad(), matrix = ones({2, 3}).set_requires_grad();
  EXPECT_EQ(message<ShapeError>([&] {
              Muon({matrix, vector});
            }),
            "[Muon] parameter 1, f32[3], has 1 axes; this optimiser takes those of 2\n"
            "  hint: give the others to another optimiser, AdamW for instance");
  Muon optimizer({matrix});
  EXPECT_THROW(optimizer.add_param_group({.params = {vector}}), ShapeError);
  EXPECT_EQ(message<ValueError>([&] { Muon({matrix}, {.steps = 100}); }),
            "[Muon] steps is out of range: 100");
  EXPECT_THROW(Muon({matrix}, {.eps = -1}), ValueError);
  EXPECT_THROW(Muon({matrix}, {.momentum = 1}), ValueError);
  EXPECT_THROW(Adafactor({vector}, {.beta2_decay = 0.1}), ValueError);
  EXPECT_THROW(Adafactor({vector}, {.eps1 = -1}), ValueError);
  EXPECT_THROW(Adafactor({vector}, {.eps2 = -1}), ValueError);
  EXPECT_THROW(Adafactor({vector}, {.d = 0.5}), ValueError);
  EXPECT_THROW(ASGD({vector}, {.lambda = -1}), ValueError);
  EXPECT_THROW(ASGD({vector}, {.alpha = -1}), ValueError);
  EXPECT_EQ(message<ValueError>([&] { ASGD({{.params = {vector}, .eps = 1e-3}}); }),
            "[ASGD] no option eps for a group\n  hint: options: lr, weight_decay");
}

}  // namespace
}  // namespace strata
