#include "strata/optim/optimizer.h"

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "strata/optim/adadelta.h"
#include "strata/optim/adagrad.h"
#include "strata/optim/adam.h"
#include "strata/optim/adamax.h"
#include "strata/optim/adamw.h"
#include "strata/optim/lamb.h"
#include "strata/optim/lbfgs.h"
#include "strata/optim/lion.h"
#include "strata/optim/nadam.h"
#include "strata/optim/radam.h"
#include "strata/optim/rmsprop.h"
#include "strata/optim/rprop.h"
#include "strata/optim/sgd.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using Make = std::function<std::unique_ptr<Optimizer>(const std::vector<Tensor>&)>;

/// One of each kind, with everything that has state switched on.
std::vector<Make> all_kinds() {
  return {[](const std::vector<Tensor>& p) {
            return std::make_unique<SGD>(p, SGDConfig{.lr = 0.1, .momentum = 0.9});
          },
          [](const std::vector<Tensor>& p) {
            return std::make_unique<Adam>(p, AdamConfig{.amsgrad = true});
          },
          [](const std::vector<Tensor>& p) { return std::make_unique<AdamW>(p); },
          [](const std::vector<Tensor>& p) { return std::make_unique<Rprop>(p); },
          [](const std::vector<Tensor>& p) {
            return std::make_unique<Adagrad>(p, AdagradConfig{.first_sum = 0.5});
          },
          [](const std::vector<Tensor>& p) {
            return std::make_unique<RMSprop>(p, RMSpropConfig{.momentum = 0.5, .centered = true});
          },
          [](const std::vector<Tensor>& p) { return std::make_unique<Adamax>(p); },
          [](const std::vector<Tensor>& p) { return std::make_unique<Adadelta>(p); },
          [](const std::vector<Tensor>& p) { return std::make_unique<NAdam>(p); },
          [](const std::vector<Tensor>& p) { return std::make_unique<RAdam>(p); },
          [](const std::vector<Tensor>& p) { return std::make_unique<Lion>(p); }};
}

/// And those whose elements depend on one another.
std::vector<Make> all_and_lamb() {
  std::vector<Make> kinds = all_kinds();
  kinds.emplace_back([](const std::vector<Tensor>& p) { return std::make_unique<LAMB>(p); });
  return kinds;
}

/// Sizes below, at and above a vector and a chunk of the sweep.
std::vector<Tensor> make_params(DType dtype = DType::f32) {
  Generator g(1);
  std::vector<Tensor> out;
  for (const int64_t n : {1, 7, 8, 33, 16384, 40001}) {
    out.push_back(randn({n}, 0, 1, dtype, kCpu, g).set_requires_grad());
  }
  return out;
}

void set_grads(std::vector<Tensor>& params, uint64_t step) {
  Generator g(100 + step);
  for (Tensor& p : params) p.set_grad(randn(p.shape(), 0, 1, p.dtype(), kCpu, g));
}

void run(Optimizer& optimizer, std::vector<Tensor>& params, uint64_t from, uint64_t to) {
  for (uint64_t step = from; step < to; ++step) {
    set_grads(params, step);
    optimizer.step();
  }
}

std::vector<float> values(const std::vector<Tensor>& params) {
  std::vector<float> out;
  for (const Tensor& p : params) {
    const auto v = p.to_vector<float>();
    out.insert(out.end(), v.begin(), v.end());
  }
  return out;
}

TEST(Optimizer, LearnsByBackward) {
  Tensor w = full({3}, 2.0).set_requires_grad();
  SGD optimizer({w}, {.lr = 0.25});
  for (int i = 0; i < 3; ++i) {
    optimizer.zero_grad();
    EXPECT_FALSE(w.grad().defined());
    backward(sum(w * w));
    optimizer.step();
  }
  EXPECT_EQ(w.to_vector<float>(), std::vector<float>({0.25f, 0.25f, 0.25f}));
}

TEST(Optimizer, GivesTheSameBitsOnAnyThreadCount) {
  const int before = thread_count();
  for (const Make& make : all_and_lamb()) {
    std::vector<float> first;
    for (const int threads : {1, 2, 3, 4}) {
      set_thread_count(threads);
      auto params = make_params();
      run(*make(params), params, 0, 3);
      if (threads == 1) first = values(params);
      EXPECT_EQ(values(params), first) << threads;
    }
  }
  set_thread_count(before);
}

TEST(Optimizer, ElementsDoNotDependOnTheirPosition) {
  // The 33 elements alone, and behind one another inside a longer tensor, whose vectors lie
  // differently.
  Generator g(5);
  const Tensor values = randn({33}, 0, 1, DType::f32, kCpu, g);
  const Tensor grads = randn({33}, 0, 1, DType::f32, kCpu, g);
  for (const Make& make : all_kinds()) {
    Tensor whole = (values + zeros({33})).set_requires_grad();
    whole.set_grad(grads);
    make({whole})->step();
    for (int64_t i = 0; i < 33; ++i) {
      Tensor one = (slice(values, 0, i, i + 1) + zeros({1})).set_requires_grad();
      one.set_grad(slice(grads, 0, i, i + 1));
      make({one})->step();
      EXPECT_EQ(one.item<float>(), whole.to_vector<float>()[static_cast<size_t>(i)]) << i;
    }
  }
}

TEST(Optimizer, ASavedStateGoesOnInTheSameBits) {
  for (const Make& make : all_and_lamb()) {
    auto unbroken = make_params();
    auto optimizer = make(unbroken);
    optimizer->set_lr(0.03);
    run(*optimizer, unbroken, 0, 5);

    auto params = make_params();
    auto first = make(params);
    first->set_lr(0.03);
    run(*first, params, 0, 2);
    const OptimizerState state = first->state();
    const auto second = make(params);
    second->load_state(state);
    EXPECT_EQ(second->lr(), 0.03);
    run(*second, params, 2, 5);
    EXPECT_EQ(values(params), values(unbroken));
  }
}

/// Without the steps, as PyTorch's SGD keeps it.
OptimizerState without_steps(OptimizerState state) {
  std::erase_if(state.numbers, [](const auto& entry) { return entry.first.ends_with(".step"); });
  return state;
}

TEST(Optimizer, SgdTakesAStateWithoutSteps) {
  const SGDConfig config = {.lr = 0.1, .momentum = 0.9, .dampening = 0.5};
  auto unbroken = make_params(), params = make_params();
  SGD optimizer(unbroken, config), first(params, config);
  run(optimizer, unbroken, 0, 5);
  run(first, params, 0, 2);
  SGD second(params, config);
  second.load_state(without_steps(first.state()));
  run(second, params, 2, 5);
  EXPECT_EQ(values(params), values(unbroken));

  Adam adam(params);
  run(adam, params, 0, 1);
  EXPECT_EQ(testing::message<ValueError>([&] { adam.load_state(without_steps(adam.state())); }),
            "[Adam] the state lacks state.0.step");
}

TEST(Optimizer, LoadingForgetsWhatTheStateDoesNotHold) {
  auto params = make_params();
  Adam fresh(params);
  const OptimizerState empty = fresh.state();
  EXPECT_TRUE(empty.tensors.empty());
  const auto before = make_params();
  Adam used(params);
  run(used, params, 0, 3);
  used.load_state(empty);
  EXPECT_TRUE(used.state().tensors.empty());
  std::vector<Tensor> a = make_params(), b = params;
  for (size_t i = 0; i < a.size(); ++i) {
    std::copy_n(a[i].data<float>(), a[i].numel(), b[i].data<float>());
  }
  Adam other(a);
  run(used, b, 7, 9);
  run(other, a, 7, 9);
  EXPECT_EQ(values(a), values(b));
}

TEST(Optimizer, NamesItsStateAsPyTorch) {
  auto params = make_params();
  Adam optimizer({{.params = {params[0]}, .lr = 0.5, .weight_decay = {}},
                  {.params = {params[1], params[2]}, .lr = {}, .weight_decay = 0.25}});
  params[0].set_grad(ones({1}));
  params[2].set_grad(ones({8}));
  optimizer.step();
  optimizer.step();
  const OptimizerState state = optimizer.state();
  ASSERT_EQ(state.tensors.size(), 4u);
  EXPECT_EQ(state.tensors.at("state.0.exp_avg").shape(), Shape({1}));
  EXPECT_EQ(state.tensors.at("state.2.exp_avg_sq").shape(), Shape({8}));
  EXPECT_GT(state.tensors.at("state.2.exp_avg_sq").to_vector<float>()[0], 0);
  EXPECT_EQ(state.numbers.at("state.2.step"), 2);
  EXPECT_EQ(state.numbers.count("state.1.step"), 0u);
  EXPECT_EQ(state.numbers.at("param_groups.0.lr"), 0.5);
  EXPECT_EQ(state.numbers.at("param_groups.1.lr"), 1e-3);
  EXPECT_EQ(state.numbers.at("param_groups.1.weight_decay"), 0.25);
  EXPECT_EQ(state.numbers.at("param_groups.1.momentum"), 0.9);
}

TEST(Optimizer, SkipsParametersWithoutGradient) {
  for (const Make& make : all_and_lamb()) {
    auto params = make_params();
    const auto before = params[1].to_vector<float>();
    const uint32_t version = params[1].version();
    auto optimizer = make(params);
    optimizer->step();
    set_grads(params, 0);
    params[1].set_grad({});
    optimizer->step();
    EXPECT_EQ(params[1].to_vector<float>(), before);
    EXPECT_EQ(params[1].version(), version);
    EXPECT_GT(params[0].version(), 0u);
  }
}

TEST(Optimizer, ThawedParametersGetTheirStateLater) {
  for (const Make& make : all_and_lamb()) {
    auto params = make_params(), others = make_params();
    auto optimizer = make(params), other = make(others);
    params[3].set_requires_grad(false);
    for (uint64_t step = 0; step < 4; ++step) {
      if (step == 2) params[3].set_requires_grad();
      Generator g(step);
      for (size_t i = 0; i < params.size(); ++i) {
        const Tensor grad = randn(params[i].shape(), 0, 1, DType::f32, kCpu, g);
        if (params[i].requires_grad()) params[i].set_grad(grad);
        others[i].set_grad(i == 3 && step < 2 ? Tensor() : grad);
      }
      optimizer->step();
      other->step();
    }
    EXPECT_EQ(values(params), values(others));
    // A state with the thawed parameter loads where it is frozen.
    auto frozen = make_params();
    frozen[3].set_requires_grad(false);
    const auto third = make(frozen);
    third->load_state(optimizer->state());
    EXPECT_EQ(third->state().tensors.size(), optimizer->state().tensors.size());
  }
}

TEST(Optimizer, WritesAreNoticedByTheTape) {
  Tensor w = full({3}, 2.0).set_requires_grad();
  SGD optimizer({w}, {.lr = 0.25});
  const Tensor y = sum(w * w);
  w.set_grad(ones({3}));
  optimizer.step();
  EXPECT_THROW(backward(y), GradError);
}

TEST(Optimizer, ReadsGradientsOfAnyLayout) {
  Tensor w = zeros({2, 3}).set_requires_grad();
  w.set_grad(transpose(tensor<float>({1, 2, 3, 4, 5, 6}, {3, 2}), 0, 1));
  SGD optimizer({w}, {.lr = 1});
  optimizer.step();
  EXPECT_EQ(w.to_vector<float>(), std::vector<float>({-1, -3, -5, -2, -4, -6}));
  w.set_grad(expand(ones({1}), {2, 3}));
  optimizer.step();
  EXPECT_EQ(w.to_vector<float>(), std::vector<float>({-2, -4, -6, -3, -5, -7}));
}

TEST(Optimizer, NanAndInfinityGoWherePyTorchPutsThem) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  for (const bool amsgrad : {false, true}) {
    Tensor w = zeros({5}).set_requires_grad();
    Adam optimizer({w}, {.amsgrad = amsgrad});
    w.set_grad(tensor<float>({nan, inf, -inf, 0, 1}));
    optimizer.step();
    const auto v = w.to_vector<float>();
    EXPECT_TRUE(std::isnan(v[0]) && std::isnan(v[1]) && std::isnan(v[2]));  // inf / inf
    EXPECT_EQ(v[3], 0);
    EXPECT_FLOAT_EQ(v[4], -1e-3f);
    if (!amsgrad) continue;
    const auto top = optimizer.state().tensors.at("state.0.max_exp_avg_sq").to_vector<float>();
    EXPECT_TRUE(std::isnan(top[0]));
  }
}

TEST(Optimizer, RefusesBadParameters) {
  Tensor w = zeros({2, 3}).set_requires_grad();
  EXPECT_THROW(SGD(std::vector<Tensor>{}), ValueError);
  EXPECT_THROW(SGD(std::vector<ParamGroup>{}), ValueError);
  EXPECT_THROW(SGD({w, Tensor()}), ValueError);
  EXPECT_THROW(SGD({w, w}), ValueError);
  EXPECT_THROW(SGD({w, w * w}), GradError);
  EXPECT_EQ(testing::message<ShapeError>([] {
              SGD({transpose(zeros({2, 3}), 0, 1)});
            }),
            "[SGD] parameter 0, f32[3, 2], is not contiguous\n"
            "  hint: use contiguous() before set_requires_grad()");
  EXPECT_THROW(SGD({w, zeros({2}, DType::f64)}), DTypeError);
  EXPECT_THROW(SGD({zeros({2}, DType::bf16)}), DTypeError);
}

TEST(Optimizer, RefusesOptionsOutOfRange) {
  const std::vector<Tensor> p = {zeros({2}).set_requires_grad()};
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  for (const double bad : {-1.0, nan, inf}) {
    EXPECT_THROW(SGD(p, {.lr = bad}), ValueError);
    EXPECT_THROW(SGD(p, {.momentum = bad}), ValueError);
    EXPECT_THROW(SGD(p, {.weight_decay = bad}), ValueError);
    EXPECT_THROW(Adam(p, {.beta1 = bad}), ValueError);
    EXPECT_THROW(Adam(p, {.beta2 = bad}), ValueError);
    EXPECT_THROW(AdamW(p, {.eps = bad}), ValueError);
    EXPECT_THROW(SGD({{.params = p, .lr = bad, .weight_decay = {}}}), ValueError);
  }
  EXPECT_THROW(Adam(p, {.beta2 = 1}), ValueError);
  EXPECT_THROW(SGD(p, {.nesterov = true}), ValueError);
  EXPECT_THROW(SGD(p, {.momentum = 0.9, .dampening = 0.1, .nesterov = true}), ValueError);
  SGD plain(p);
  EXPECT_THROW(plain.set_momentum(0.5), ValueError);
  EXPECT_THROW(plain.set_lr(-1), ValueError);
  EXPECT_THROW(plain.set_lr(1, 0.1), IndexError);
  EXPECT_EQ(plain.lr(), 1e-3);
  EXPECT_THROW(plain.set_weight_decay(0, -1), ValueError);
  EXPECT_THROW(plain.set_weight_decay(1, 0.1), IndexError);
  EXPECT_EQ(plain.weight_decay(), 0);
}

TEST(Optimizer, WeightDecayChangesByGroupBetweenSteps) {
  auto params = make_params(), others = make_params();
  const auto groups = [](const std::vector<Tensor>& p, double decay) {
    return std::vector<ParamGroup>{{.params = {p[0], p[1]}, .lr = {}, .weight_decay = {}},
                                   {.params = {p[2], p[3]}, .lr = {}, .weight_decay = decay}};
  };
  AdamW changed(groups(params, 0)), built(groups(others, 0.25));
  changed.set_weight_decay(1, 0.25);
  EXPECT_EQ(changed.weight_decay(0), 0.01);
  EXPECT_EQ(changed.weight_decay(1), 0.25);
  EXPECT_EQ(changed.state().numbers.at("param_groups.1.weight_decay"), 0.25);
  run(changed, params, 0, 3);
  run(built, others, 0, 3);
  EXPECT_EQ(values(params), values(others));

  Tensor w = full({3}, 2.0).set_requires_grad();
  w.set_grad(zeros({3}));
  SGD optimizer({w}, {.lr = 0.5});
  optimizer.step();
  EXPECT_EQ(w.to_vector<float>(), std::vector<float>({2, 2, 2}));
  optimizer.set_weight_decay(0, 0.25);
  optimizer.step();
  EXPECT_EQ(w.to_vector<float>(), std::vector<float>({1.75, 1.75, 1.75}));
}

TEST(Optimizer, EachRuleRefusesWhatMakesNoSense) {
  const std::vector<Tensor> p = {zeros({2}).set_requires_grad()};
  for (const double bad : {-1.0, 1.0, 1.5, std::nan("")}) {
    EXPECT_THROW(SGD(p, {.momentum = bad}), ValueError);
    EXPECT_THROW(RMSprop(p, {.momentum = bad}), ValueError);
    EXPECT_THROW(Adamax(p, {.beta2 = bad}), ValueError);
    EXPECT_THROW(NAdam(p, {.beta1 = bad}), ValueError);
    EXPECT_THROW(RAdam(p, {.beta2 = bad}), ValueError);
    EXPECT_THROW(Lion(p, {.beta1 = bad}), ValueError);
    EXPECT_THROW(LAMB(p, {.beta2 = bad}), ValueError);
    EXPECT_THROW(Rprop(p, {.eta_minus = bad}), ValueError);
  }
  for (const double bad : {-1e-9, std::nan("")}) {
    EXPECT_THROW(Adagrad(p, {.lr_decay = bad}), ValueError);
    EXPECT_THROW(Adagrad(p, {.first_sum = bad}), ValueError);
    EXPECT_THROW(Adagrad(p, {.eps = bad}), ValueError);
    EXPECT_THROW(RMSprop(p, {.alpha = bad}), ValueError);
    EXPECT_THROW(Adadelta(p, {.rho = bad}), ValueError);
    EXPECT_THROW(NAdam(p, {.momentum_decay = bad}), ValueError);
    EXPECT_THROW(LAMB(p, {.eps = bad}), ValueError);
    EXPECT_THROW(LBFGS(p, {.lr = bad}), ValueError);
    EXPECT_THROW(LBFGS(p, {.change_tolerance = bad}), ValueError);
  }
  EXPECT_THROW(Rprop(p, {.eta_plus = 1}), ValueError);
  EXPECT_THROW(Rprop(p, {.min_step = 1, .max_step = 0.5}), ValueError);
  EXPECT_THROW(Rprop({{.params = p, .lr = {}, .weight_decay = 0.1}}), ValueError);
  EXPECT_THROW(Adadelta(p, {.rho = 1.1}), ValueError);
  EXPECT_THROW(LBFGS(p, {.max_iterations = 0}), ValueError);
  EXPECT_THROW(LBFGS(p, {.history = 0}), ValueError);
  EXPECT_THROW(LBFGS(std::vector<Tensor>{}), ValueError);
  EXPECT_THROW(LBFGS({zeros({2}, DType::bf16)}), DTypeError);
  EXPECT_THROW(Adagrad(p).set_momentum(0.5), ValueError);
}

TEST(Optimizer, KeepsANumberBesidesTheTensors) {
  auto params = make_params();
  NAdam optimizer(params);
  run(optimizer, params, 0, 2);
  OptimizerState state = optimizer.state();
  const double mu = 0.9 * (1 - 0.5 * std::pow(0.96, 0.004)),
               next = 0.9 * (1 - 0.5 * std::pow(0.96, 0.008));
  EXPECT_NEAR(state.numbers.at("state.3.mu_product"), mu * next, 1e-15);
  state.numbers["state.3.mu_product"] = -1;
  EXPECT_THROW(optimizer.load_state(state), ValueError);
  state.numbers.erase("state.3.mu_product");
  EXPECT_THROW(optimizer.load_state(state), ValueError);
}

TEST(Optimizer, LbfgsKeepsItsParametersWhereNothingIsFinite) {
  Tensor w = full({2}, 2.0).set_requires_grad();
  LBFGS optimizer({w});
  const auto closure = [&] {
    optimizer.zero_grad();
    const Tensor loss = sum(w / 0);
    backward(loss);
    return loss;
  };
  EXPECT_THROW(optimizer.step(closure), NumericError);
  EXPECT_EQ(w.to_vector<float>(), std::vector<float>({2, 2}));
}

TEST(Optimizer, LbfgsRefusesStatesThatDoNotFit) {
  Tensor w = full({2}, 2.0).set_requires_grad();
  LBFGS optimizer({w}, {.max_iterations = 3});
  const auto closure = [&] {
    optimizer.zero_grad();
    const Tensor loss = sum(w * w * w * w);
    backward(loss);
    return loss;
  };
  optimizer.step(closure);
  const OptimizerState good = optimizer.state();
  ASSERT_EQ(good.tensors.size(), 5u);
  const auto refuses = [&](auto&& change, auto error) {
    OptimizerState bad = good;
    change(bad);
    EXPECT_THROW(optimizer.load_state(bad), decltype(error));
  };
  const ValueError value("", "");
  refuses([](auto& s) { s.tensors["state.d"] = zeros({3}); }, ShapeError("", ""));
  refuses([](auto& s) { s.tensors["state.old_dirs"] = zeros({1, 3}); }, ShapeError("", ""));
  refuses([](auto& s) { s.tensors["state.d"] = zeros({2}, DType::f64); }, DTypeError("", ""));
  refuses([](auto& s) { s.tensors.erase("state.d"); }, value);
  refuses([](auto& s) { s.tensors["state.x"] = zeros({2}); }, value);
  refuses([](auto& s) { s.numbers.erase("state.t"); }, value);
  refuses([](auto& s) { s.numbers["state.n_iter"] = -1; }, value);
  optimizer.load_state(good);
}

TEST(Optimizer, RefusesStatesThatDoNotFitAndKeepsItsOwn) {
  auto params = make_params();
  Adam optimizer(params);
  run(optimizer, params, 0, 1);
  const OptimizerState good = optimizer.state();
  const auto refuses = [&](auto&& change, auto error) {
    OptimizerState bad = good;
    change(bad);
    EXPECT_THROW(optimizer.load_state(bad), decltype(error));
    EXPECT_EQ(optimizer.state().numbers, good.numbers);
  };
  const ValueError value("", "");
  refuses([](auto& s) { s.tensors["state.1.exp_avg"] = zeros({8}); }, ShapeError("", ""));
  refuses([](auto& s) { s.tensors["state.1.exp_avg"] = Tensor(); }, ShapeError("", ""));
  refuses([](auto& s) { s.tensors["state.1.exp_avg"] = zeros({7}, DType::f64); },
          DTypeError("", ""));
  refuses([](auto& s) { s.tensors.erase("state.1.exp_avg"); }, value);
  refuses([](auto& s) { s.tensors["state.9.exp_avg"] = zeros({7}); }, value);
  refuses([](auto& s) { s.numbers.erase("state.1.step"); }, value);
  refuses([](auto& s) { s.numbers.erase("param_groups.0.lr"); }, value);
  refuses([](auto& s) { s.numbers["param_groups.1.lr"] = 1; }, value);
  refuses([](auto& s) { s.numbers["param_groups.0.momentum"] = 2; }, value);
  for (const double bad : {-1.0, 0.0, 1.5, std::nan(""), 1e300}) {
    refuses([bad](auto& s) { s.numbers["state.1.step"] = bad; }, value);
  }
}

TEST(Optimizer, DoesNothingOnTheMetaDevice) {
  Tensor w = empty({1000000, 1000000}, DType::f32, kMeta).set_requires_grad();
  w.set_grad(empty_like(w));
  Adam optimizer({w});
  optimizer.step();
  EXPECT_EQ(optimizer.params()[0].version(), 0u);
}

}  // namespace
}  // namespace strata
