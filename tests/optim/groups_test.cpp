// Groups with options of their own, groups that are added later, and parameters that are converted
// under an optimiser; the runs against torch.optim are those of the other golden tests.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/optim/adadelta.h"
#include "strata/optim/adafactor.h"
#include "strata/optim/adagrad.h"
#include "strata/optim/adam.h"
#include "strata/optim/adamax.h"
#include "strata/optim/adamw.h"
#include "strata/optim/clip.h"
#include "strata/optim/lamb.h"
#include "strata/optim/lbfgs.h"
#include "strata/optim/lion.h"
#include "strata/optim/muon.h"
#include "strata/optim/nadam.h"
#include "strata/optim/radam.h"
#include "strata/optim/rmsprop.h"
#include "strata/optim/rprop.h"
#include "strata/optim/sgd.h"
#include "tests/optim/golden_run.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

/// Runs of the dump under a kind's name with these options for the three parameters.
template <class Optim, class Config>
void check(const std::string& dump, const std::string& name, std::vector<ParamGroup> options,
           const Config& config) {
  check_run(
      dump, name,
      [&](const std::vector<Tensor>& params) {
        return std::make_unique<Optim>(three_groups(params, options), config);
      },
      false);
}

const std::vector<ParamGroup> kBetas = {{.beta1 = 0.5, .beta2 = 0.9, .eps = 1e-3},
                                        {.beta1 = 0, .beta2 = 0.95},
                                        {.weight_decay = 0.1, .eps = 1e-2}};
const std::vector<ParamGroup> kEps = {
    {.eps = 1e-3}, {.params = {}, .eps = 1e-2}, {.params = {}, .weight_decay = 0.1}};

TEST(OptimGroups, BetasAndEps) {
  const std::string more = "optim_adaptive";
  check<Adam>("optim", "adam.options", kBetas, AdamConfig{.lr = 0.01, .beta1 = 0.8, .beta2 = 0.99});
  check<AdamW>("optim", "adamw.options", kBetas,
               AdamWConfig{.lr = 0.01, .beta1 = 0.8, .beta2 = 0.99});
  check<Adamax>(more, "adamax.options", kBetas,
                AdamaxConfig{.lr = 0.01, .beta1 = 0.8, .beta2 = 0.99});
  check<NAdam>(more, "nadam.options", kBetas, NAdamConfig{.lr = 0.01, .beta1 = 0.8, .beta2 = 0.99});
  check<RAdam>(more, "radam.options", kBetas, RAdamConfig{.lr = 0.01, .beta1 = 0.8, .beta2 = 0.99});
  check<LAMB>(more, "lamb.options", kBetas, LAMBConfig{.lr = 0.01, .beta1 = 0.8, .beta2 = 0.99});
  check<Adagrad>(more, "adagrad.options", kEps, AdagradConfig{.lr = 0.1});
  check<Adadelta>(more, "adadelta.options", kEps, AdadeltaConfig{.lr = 0.1});
  std::vector<ParamGroup> no_eps = kBetas;
  for (ParamGroup& group : no_eps) group.eps = {};
  check<Lion>(more, "lion.options", no_eps, LionConfig{.lr = 0.01, .beta1 = 0.8, .beta2 = 0.98});
}

TEST(OptimGroups, MomentumIsEachGroupsOwn) {
  for (const auto& [name, momentum] :
       std::vector<std::pair<std::string, double>>{{"options", 0.3}, {"some_momentum", 0}}) {
    check<SGD>("optim", "sgd." + name,
               {{.momentum = 0}, {.lr = 0.02, .momentum = 0.9}, {.weight_decay = 0.1}},
               SGDConfig{.lr = 0.05, .momentum = momentum, .dampening = 0.25});
  }
  for (const bool centered : {false, true}) {
    check<RMSprop>(
        "optim_adaptive", std::string("rmsprop.options.") + (centered ? "1" : "0"),
        {{.momentum = 0.5, .eps = 1e-3}, {.eps = 1e-2}, {.weight_decay = 0.1, .momentum = 0.9}},
        RMSpropConfig{.lr = 0.01, .alpha = 0.9, .centered = centered});
  }
}

TEST(OptimGroups, JoinLater) {
  check_run(
      "optim", "adam.added",
      [](const std::vector<Tensor>& p) {
        return std::make_unique<Adam>(std::vector{p[0], p[1]}, AdamConfig{.lr = 0.01});
      },
      false,
      [](Optimizer& o, const std::vector<Tensor>& p) {
        o.add_param_group({.params = {p[2]}, .lr = 0.05, .beta1 = 0.5, .beta2 = 0.9});
      });
  check_run(
      "optim", "sgd.added",
      [](const std::vector<Tensor>& p) {
        return std::make_unique<SGD>(std::vector{p[0], p[1]}, SGDConfig{.lr = 0.01});
      },
      false,
      [](Optimizer& o, const std::vector<Tensor>& p) {
        o.add_param_group({.params = {p[2]}, .momentum = 0.8});
      });
}

Tensor leaf(DType dtype = DType::f32) { return ones({3}, dtype).set_requires_grad(); }

TEST(OptimGroups, SayWhichOptionThereIsNot) {
  const Tensor p = leaf();
  EXPECT_EQ(message<ValueError>([&] { SGD({{.params = {p}, .beta2 = 0.9}}); }),
            "[SGD] no option beta2 for a group\n"
            "  hint: options: lr, weight_decay, momentum");
  EXPECT_EQ(message<ValueError>([&] { Adam({{.params = {p}, .momentum = 0.9}}); }),
            "[Adam] no option momentum for a group\n"
            "  hint: options: lr, weight_decay, beta1, beta2, eps");
  EXPECT_THROW(Lion({{.params = {p}, .eps = 1e-3}}), ValueError);
  EXPECT_THROW(Adagrad({{.params = {p}, .beta1 = 0.9}}), ValueError);
  EXPECT_THROW(RMSprop({{.params = {p}, .beta1 = 0.9}}), ValueError);
  EXPECT_THROW(Rprop({{.params = {p}, .weight_decay = 0.1}}), ValueError);
  EXPECT_THROW(Rprop({p}).set_weight_decay(0, 0.1), ValueError);
  EXPECT_EQ(message<ValueError>([&] { AdamW({{.params = {p}, .beta1 = 1}}); }),
            "[AdamW] beta1 is out of range: 1");
  EXPECT_THROW(AdamW({{.params = {p}, .eps = -1}}), ValueError);
  EXPECT_THROW(SGD({{.params = {p}, .momentum = 1}}), ValueError);
  EXPECT_THROW(Adam({{.params = {p}, .beta2 = 0.9}}, {.beta2 = 2}), ValueError)
      << "a default is checked though no group takes it";
}

TEST(OptimGroups, AddedOnesAreChecked) {
  const Tensor first = leaf(), second = leaf(), frozen = ones({3});
  SGD optimizer({first}, {.lr = 0.1});
  EXPECT_THROW(optimizer.add_param_group({.params = {}}), ValueError);
  EXPECT_EQ(message<ValueError>([&] {
              optimizer.add_param_group({.params = {second, first}});
            }),
            "[SGD] parameter 2 occurs twice");
  EXPECT_THROW(optimizer.add_param_group({.params = {frozen, frozen}}), ValueError);
  EXPECT_THROW(optimizer.add_param_group({.params = {second, leaf(DType::f64)}}), DTypeError);
  EXPECT_THROW(optimizer.add_param_group({.params = {second}, .lr = -1}), ValueError);
  EXPECT_EQ(optimizer.group_count(), 1);
  optimizer.add_param_group({.params = {second}, .momentum = 0.5});
  EXPECT_EQ(optimizer.lr(1), 0.1);
  EXPECT_EQ(optimizer.momentum(1), 0.5);
  EXPECT_EQ(message<ValueError>([&] { optimizer.set_momentum(0, 0.5); }),
            "[SGD] a momentum of 0.5 for a group without a buffer\n"
            "  hint: begin with a momentum that is not 0");
  optimizer.set_momentum(1, 0);
  SGD other({{.params = {zeros({2})}, .momentum = 0.5}, {.params = {zeros({2})}}}, {.lr = 0.1});
  EXPECT_THROW(other.set_momentum(0.25), ValueError);
  EXPECT_EQ(other.momentum(0), 0.5) << "all or none";
  optimizer.set_momentum(1, 0.25);
}

void step_with_ones(Optimizer& optimizer, const std::vector<Tensor>& params, int times) {
  for (int i = 0; i < times; ++i) {
    for (Tensor p : params) p.set_grad(ones_like(p));
    optimizer.step();
  }
}

TEST(OptimGroups, TheirOptionsAreInTheState) {
  const auto make = [](const std::vector<Tensor>& p, double beta2) {
    return std::make_unique<AdamW>(std::vector<ParamGroup>{
        {.params = {p[0]}, .beta2 = beta2, .eps = 1e-3}, {.params = {p[1]}}});
  };
  const std::vector<Tensor> params = {leaf(), leaf()}, others = {leaf(), leaf()};
  const auto optimizer = make(params, 0.5), other = make(others, 0.7);
  step_with_ones(*optimizer, params, 3);
  step_with_ones(*other, others, 1);
  OptimizerState state = optimizer->state();
  EXPECT_EQ(state.numbers.at("param_groups.0.beta2"), 0.5);
  EXPECT_EQ(state.numbers.at("param_groups.0.eps"), 1e-3);
  EXPECT_EQ(state.numbers.at("param_groups.1.beta2"), 0.999);
  other->load_state(state);
  EXPECT_EQ(other->state().numbers, state.numbers);

  state.numbers["param_groups.0.beta2"] = 1;
  EXPECT_THROW(other->check_state(state), ValueError);
  for (const char* key : {"beta2", "eps"}) {
    for (const char* group : {"param_groups.0.", "param_groups.1."}) {
      state.numbers.erase(std::string(group) + key);
    }
  }
  const auto third = make(others, 0.7);
  third->load_state(state);  // one of before there were options by group
  EXPECT_EQ(third->state().numbers.at("param_groups.0.beta2"), 0.7);
  SGD sgd({leaf()});
  EXPECT_EQ(sgd.state().numbers.size(), 3u);
}

TEST(OptimConversion, AnOptimiserThatHasNotSteppedFollows) {
  nn::Linear net({.in = 3, .out = 2}), same({.in = 3, .out = 2});
  same.to(DType::f64);
  Adam before(net.parameters(), {.lr = 0.1});
  net.to(DType::f64);
  nn::load_state_dict(same, nn::state_dict(net));
  Adam after(same.parameters(), {.lr = 0.1});
  for (auto [module, optimizer] : {std::pair{&net, &before}, std::pair{&same, &after}}) {
    for (int i = 0; i < 3; ++i) {
      optimizer->zero_grad();
      backward(sum((*module)(ones({2, 3}, DType::f64))));
      optimizer->step();
    }
  }
  EXPECT_EQ(net.weight.dtype(), DType::f64);
  EXPECT_EQ(net.weight.to_vector<double>(), same.weight.to_vector<double>());
  EXPECT_EQ(before.state().tensors.at("state.0.exp_avg").dtype(), DType::f64);
}

TEST(OptimConversion, AStateOfAnotherDtypeIsSaidBeforeAnythingChanges) {
  nn::Linear net({.in = 3, .out = 2});
  Tensor other = leaf();
  SGD optimizer({{.params = {other}}, {.params = net.parameters()}}, {.lr = 0.1, .momentum = 0.9});
  std::vector<Tensor> params = net.parameters();
  params.push_back(other);
  step_with_ones(optimizer, params, 1);
  const auto values = other.to_vector<float>();
  net.to(DType::f64);
  EXPECT_EQ(net.weight.grad().dtype(), DType::f64);
  EXPECT_EQ(message<DTypeError>([&] { step_with_ones(optimizer, params, 1); }),
            "[SGD] parameter 1 is f64[2, 3], the state of its group f32: it was converted after a "
            "step\n  hint: make the optimiser after Module::to(), or convert back");
  EXPECT_EQ(other.to_vector<float>(), values);

  // A state of the right dtype can be loaded, and converting back is enough too.
  OptimizerState state = optimizer.state();
  for (auto& [name, value] : state.tensors) {
    if (!name.starts_with("state.0.")) value = cast(value, DType::f64);
  }
  optimizer.load_state(state);
  step_with_ones(optimizer, params, 1);
  net.to(DType::f32);
  EXPECT_THROW(step_with_ones(optimizer, params, 1), DTypeError);
  net.to(DType::f64);
  step_with_ones(optimizer, params, 1);
}

TEST(OptimConversion, AStateThatWasTakenBackDoesNotHoldIt) {
  nn::Linear net({.in = 3, .out = 2});
  Adam optimizer(net.parameters());
  const OptimizerState none = optimizer.state();
  step_with_ones(optimizer, net.parameters(), 2);
  optimizer.load_state(none);
  net.to(DType::f64);
  step_with_ones(optimizer, net.parameters(), 2);
  EXPECT_EQ(optimizer.state().tensors.at("state.0.exp_avg").dtype(), DType::f64);
}

TEST(OptimConversion, LbfgsIsHeldToItToo) {
  nn::Linear net({.in = 3, .out = 2});
  LBFGS optimizer(net.parameters(), {.max_iterations = 2});
  const auto closure = [&] {
    optimizer.zero_grad();
    const Tensor y = net(ones({2, 3}, net.weight.dtype()));
    const Tensor loss = sum(y * y);
    backward(loss);
    return loss;
  };
  net.to(DType::f64);
  optimizer.step(closure);
  net.to(DType::f32);
  EXPECT_EQ(message<DTypeError>([&] { optimizer.step(closure); }),
            "[LBFGS] parameters are f32, the state is f64: they were converted after a step\n"
            "  hint: make the optimiser after Module::to(), or convert back");
  net.to(DType::bf16);
  EXPECT_THROW(optimizer.step(closure), DTypeError);
  net.to(DType::f64);
  EXPECT_EQ(net.weight.dtype(), DType::f64);
  optimizer.step(closure);
}

TEST(OptimConversion, HalfTypesAreRefusedAtTheStep) {
  nn::Linear net({.in = 3, .out = 2});
  AdamW optimizer(net.parameters());
  net.to(DType::bf16);
  for (Tensor p : net.parameters()) p.set_grad(ones_like(p));
  EXPECT_EQ(message<DTypeError>([&] { optimizer.step(); }),
            "[AdamW] parameter 0 is bf16[2, 3]; parameters are f32 or f64\n"
            "  hint: for training in bf16 keep them in f32 and use nn::PrecisionScope");
  net.to(DType::f32);
  optimizer.step();
}

TEST(OptimConversion, AGradientOnAnotherDeviceIsRefused) {
  for (const Device own : {kCpu, kMeta}) {
    const Device other = own == kCpu ? kMeta : kCpu;
    const auto make = [&](Device of_gradient) {
      Tensor p = zeros({2}, DType::f32, own).set_requires_grad();
      p.set_grad(zeros({2}, DType::f32, of_gradient));
      return p;
    };
    const std::vector<Tensor> params = {make(own), make(other)};
    SGD sgd(params);
    LBFGS lbfgs({params[1]});
    const auto loss = [] { return ones({}); };
    for (const std::string& said : {message<DeviceError>([&] { sgd.step(); }),
                                    message<DeviceError>([&] { lbfgs.step(loss); }),
                                    message<DeviceError>([&] { clip_grad_norm_(params, 1); }),
                                    message<DeviceError>([&] { clip_grad_value_(params, 1); })}) {
      EXPECT_NE(said.find("f32[2] on meta"), std::string::npos) << said;
      EXPECT_NE(said.find("f32[2] on cpu"), std::string::npos) << said;
    }
    EXPECT_TRUE(sgd.state().tensors.empty());
  }
}

TEST(OptimGroups, RulesThatLookAtParametersSeeThoseWithAGradient) {
  const auto stepped = [](const auto& make, bool others) {
    Generator g(3);
    Tensor tall = randn({7, 3}, 0, 1, DType::f32, kCpu, g).set_requires_grad();
    tall.set_grad(randn({7, 3}, 0, 1, DType::f32, kCpu, g));
    const Tensor before = zeros({2, 9}).set_requires_grad(), behind = zeros({1, 4});
    make(others ? std::vector{before, tall, behind} : std::vector{tall})->step();
    return tall.to_vector<float>();
  };
  const auto muon = [](const auto& p) { return std::make_unique<Muon>(p); };
  const auto adafactor = [](const auto& p) { return std::make_unique<Adafactor>(p); };
  EXPECT_EQ(stepped(muon, true), stepped(muon, false));
  EXPECT_EQ(stepped(adafactor, true), stepped(adafactor, false));
}

}  // namespace
}  // namespace strata
