// Whole runs against torch.optim and, for Lion and LAMB, against their papers' formulas;
// tools/golden/optim_adaptive.py made the numbers.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/joining.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "strata/optim/adadelta.h"
#include "strata/optim/adagrad.h"
#include "strata/optim/adamax.h"
#include "strata/optim/lamb.h"
#include "strata/optim/lbfgs.h"
#include "strata/optim/lion.h"
#include "strata/optim/nadam.h"
#include "strata/optim/radam.h"
#include "strata/optim/rmsprop.h"
#include "strata/optim/rprop.h"
#include "tests/optim/golden_run.h"

namespace strata {
namespace {

const std::string kDump = "optim_adaptive";

/// Reads the bits of a case's name, first to last.
class Bits {
 public:
  Bits(int bits, int count) : bits_(bits), left_(count) {}
  bool next() { return bits_ >> --left_ & 1; }

 private:
  int bits_, left_;
};

/// All cases of a dump with `count` bits and the defaults; `configure` gets the bits but the last,
/// which is maximize. The generator left out decoupled decay of 0.
template <class Optim, class Config, class Configure>
void check_cases(const std::string& kind, int count, const Configure& configure,
                 bool skip_plain_decoupled = false) {
  for (int n = 0; n < 1 << count; ++n) {
    std::string name;
    for (int i = count - 1; i >= 0; --i) name += n >> i & 1 ? '1' : '0';
    if (skip_plain_decoupled && name[0] == '0' && name[1] == '1') continue;
    const bool maximize = n & 1;
    check_run(
        kDump, kind + "." + name,
        [&](const std::vector<Tensor>& params) {
          Bits bits(n, count);
          Config config = configure(bits);
          config.maximize = maximize;
          return std::make_unique<Optim>(params, config);
        },
        maximize);
  }
  check_run(
      kDump, kind + ".defaults",
      [](const std::vector<Tensor>& params) { return std::make_unique<Optim>(params); }, false);
}

template <class Optim, class Config>
void check_groups(const std::string& kind, std::optional<double> weight_decay = 0.3) {
  Config config;
  config.lr = 0.01;
  check_run(
      kDump, kind + ".groups",
      [&](const std::vector<Tensor>& params) {
        return std::make_unique<Optim>(two_groups(params, weight_decay), config);
      },
      false);
}

TEST(OptimAdaptive, Rprop) {
  check_cases<Rprop, RpropConfig>("rprop", 3, [](Bits& bits) {
    RpropConfig config{.lr = 0.02};
    if (bits.next()) config.eta_minus = 0.3, config.eta_plus = 1.7;
    if (bits.next()) config.min_step = 0.01, config.max_step = 0.05;
    return config;
  });
  check_groups<Rprop, RpropConfig>("rprop", std::nullopt);
}

TEST(OptimAdaptive, Adagrad) {
  check_cases<Adagrad, AdagradConfig>("adagrad", 5, [](Bits& bits) {
    AdagradConfig config{.lr = 0.1};
    config.weight_decay = bits.next() ? 0.1 : 0;
    config.eps = bits.next() ? 1e-3 : 1e-8;
    config.lr_decay = bits.next() ? 0.01 : 0;
    config.first_sum = bits.next() ? 0.5 : 0;
    return config;
  });
  check_groups<Adagrad, AdagradConfig>("adagrad");
}

TEST(OptimAdaptive, RMSprop) {
  check_cases<RMSprop, RMSpropConfig>("rmsprop", 5, [](Bits& bits) {
    RMSpropConfig config{.lr = 0.01, .alpha = 0.9};
    config.weight_decay = bits.next() ? 0.1 : 0;
    config.eps = bits.next() ? 1e-3 : 1e-8;
    config.momentum = bits.next() ? 0.8 : 0;
    config.centered = bits.next();
    return config;
  });
  check_groups<RMSprop, RMSpropConfig>("rmsprop");
}

template <class Config>
Config adam_like(Bits& bits) {
  Config config;
  config.lr = 0.02;
  config.beta1 = 0.8;
  config.beta2 = 0.95;
  config.weight_decay = bits.next() ? 0.1 : 0;
  if constexpr (requires { config.decoupled; }) config.decoupled = bits.next();
  config.eps = bits.next() ? 1e-3 : 1e-8;
  return config;
}

TEST(OptimAdaptive, Adamax) {
  check_cases<Adamax, AdamaxConfig>("adamax", 3, adam_like<AdamaxConfig>);
  check_groups<Adamax, AdamaxConfig>("adamax");
}

TEST(OptimAdaptive, Adadelta) {
  check_cases<Adadelta, AdadeltaConfig>("adadelta", 3, [](Bits& bits) {
    AdadeltaConfig config{.lr = 0.7, .rho = 0.8};
    config.weight_decay = bits.next() ? 0.1 : 0;
    config.eps = bits.next() ? 1e-3 : 1e-6;
    return config;
  });
}

TEST(OptimAdaptive, NAdam) {
  check_cases<NAdam, NAdamConfig>("nadam", 4, adam_like<NAdamConfig>, true);
  check_groups<NAdam, NAdamConfig>("nadam");
  check_run(
      kDump, "nadam.decay",
      [](const std::vector<Tensor>& params) {
        return std::make_unique<NAdam>(params, NAdamConfig{.lr = 0.02, .momentum_decay = 0.05});
      },
      false);
}

TEST(OptimAdaptive, RAdam) {
  check_cases<RAdam, RAdamConfig>("radam", 4, adam_like<RAdamConfig>, true);
  check_groups<RAdam, RAdamConfig>("radam");
}

TEST(OptimAdaptive, Lion) {
  check_cases<Lion, LionConfig>("lion", 2, [](Bits& bits) {
    LionConfig config{.lr = 0.01, .beta1 = 0.8, .beta2 = 0.95};
    config.weight_decay = bits.next() ? 0.1 : 0;
    return config;
  });
  check_groups<Lion, LionConfig>("lion");
}

TEST(OptimAdaptive, LAMB) {
  check_cases<LAMB, LAMBConfig>("lamb", 3, adam_like<LAMBConfig>);
  check_groups<LAMB, LAMBConfig>("lamb");
}

/// A chain of Rosenbrock's valleys through all parameters.
Tensor valley(const std::vector<Tensor>& params) {
  std::vector<Tensor> rows;
  for (const Tensor& p : params) rows.push_back(flatten(p));
  const Tensor x = concat(rows);
  const Tensor left = slice(x, 0, 0, x.size(0) - 1), right = slice(x, 0, 1, x.size(0));
  const Tensor off = right - left * left, rest = 1 - left;
  return sum(3 * off * off + rest * rest);
}

void check_lbfgs(const std::string& name, const LBFGSConfig& config) {
  static const TensorMap golden =
      load_safetensors(STRATA_SOURCE_DIR "/tests/golden/optim_adaptive.safetensors");
  const auto wanted = golden.at("lbfgs." + name).to_vector<double>();
  const std::vector<Tensor> params = drawn_params(kShapes, DType::f64);
  auto optimizer = std::make_unique<LBFGS>(params, config);
  const auto closure = [&] {
    optimizer->zero_grad();
    const Tensor loss = valley(params);
    backward(loss);
    return loss;
  };
  size_t at = 0;
  for (int step = 1; step <= 40; ++step) {
    if (step == 3) {  // goes on from a saved state
      const OptimizerState state = optimizer->state();
      optimizer = std::make_unique<LBFGS>(params, config);
      optimizer->load_state(state);
    }
    optimizer->step(closure);
    if (step != 1 && step != 5 && step != 40) continue;
    for (const Tensor& p : params) {
      for (const double x : p.to_vector<double>()) {
        EXPECT_NEAR(x, wanted.at(at), 1e-10) << name << " after " << step;
        ++at;
      }
    }
  }
  EXPECT_EQ(optimizer->evaluations(), golden.at("lbfgs." + name + ".evaluations").item<double>());
}

TEST(OptimAdaptive, LBFGS) {
  check_lbfgs("plain", {.lr = 0.1, .max_iterations = 5});
  check_lbfgs("history", {.lr = 0.1, .max_iterations = 5, .history = 3});
}

TEST(OptimAdaptive, LBFGSWithALineSearch) {
  check_lbfgs("wolfe", {.max_iterations = 5, .strong_wolfe = true});
  check_lbfgs("wolfe.history", {.max_iterations = 3, .history = 2, .strong_wolfe = true});
  check_lbfgs("wolfe.short", {.max_iterations = 20, .max_evaluations = 4, .strong_wolfe = true});
  check_lbfgs("wolfe.far", {.lr = 7, .max_iterations = 2, .strong_wolfe = true});
  check_lbfgs("wolfe.loose",
              {.grad_tolerance = 1e-2, .change_tolerance = 1e-3, .strong_wolfe = true});
}

}  // namespace
}  // namespace strata
