// Each call of operator new in a step fails in turn: the step is then not done at all.
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/optim/adadelta.h"
#include "strata/optim/adafactor.h"
#include "strata/optim/adagrad.h"
#include "strata/optim/adam.h"
#include "strata/optim/adamax.h"
#include "strata/optim/adamw.h"
#include "strata/optim/asgd.h"
#include "strata/optim/ema.h"
#include "strata/optim/lamb.h"
#include "strata/optim/lion.h"
#include "strata/optim/muon.h"
#include "strata/optim/nadam.h"
#include "strata/optim/radam.h"
#include "strata/optim/rmsprop.h"
#include "strata/optim/rprop.h"
#include "strata/optim/sgd.h"
#include "tests/support/bits.h"
#include "tests/support/refusing_memory.h"

namespace strata {
namespace {

using testing::FailingNew;

/// Two groups with gradients, of f32 and of f64; the second is cut into several pieces.
struct Groups {
  Groups() {
    manual_seed(1);
    for (Tensor t : {randn({3, 5}), randn({400, 100}, 0, 1, DType::f64)}) {
      t.set_requires_grad();
      t.set_grad(randn(t.shape(), 0, 1, t.dtype()));
      params.push_back(t);
    }
  }
  std::vector<ParamGroup> of() const {
    std::vector<ParamGroup> groups(2);
    for (size_t i = 0; i < 2; ++i) groups[i].params = {params[i]};
    return groups;
  }
  std::string bits() const { return testing::bits({{"0", params[0]}, {"1", params[1]}}); }

  std::vector<Tensor> params;
};

struct Kind {
  std::string name;
  std::function<std::unique_ptr<Optimizer>(std::vector<ParamGroup>)> make;
};

template <class Any>
Kind kind_of(const std::string& name) {
  return {name,
          [](std::vector<ParamGroup> groups) { return std::make_unique<Any>(std::move(groups)); }};
}

std::vector<Kind> kinds() {
  return {kind_of<Adadelta>("Adadelta"),
          kind_of<Adafactor>("Adafactor"),
          kind_of<Adagrad>("Adagrad"),
          kind_of<Adam>("Adam"),
          kind_of<Adamax>("Adamax"),
          kind_of<AdamW>("AdamW"),
          kind_of<ASGD>("ASGD"),
          kind_of<LAMB>("LAMB"),
          kind_of<Lion>("Lion"),
          kind_of<Muon>("Muon"),
          kind_of<NAdam>("NAdam"),
          kind_of<RAdam>("RAdam"),
          kind_of<RMSprop>("RMSprop"),
          kind_of<Rprop>("Rprop"),
          {"SGD", [](auto groups) {
             return std::make_unique<SGD>(std::move(groups), SGDConfig{.lr = 0.1});
           }}};
}

/// Lets call k of operator new in `work` fail, for k from 1 until none does. Returns the failures.
int64_t fail_each_new(const std::function<void()>& work,
                      const std::function<void(int64_t)>& after) {
  for (int64_t k = 1;; ++k) {
    const FailingNew failing(k);
    try {
      work();
    } catch (const std::bad_alloc&) {
      after(k);
      continue;
    }
    EXPECT_FALSE(failing.failed()) << "call " << k << " failed unnoticed";
    return k - 1;
  }
}

OptimizerState copied(const OptimizerState& state) {
  OptimizerState out = state;
  for (auto& [name, t] : out.tensors) t = copy(t);
  return out;
}

bool equal(const OptimizerState& a, const OptimizerState& b) {
  return a.numbers == b.numbers && testing::bits(a.tensors) == testing::bits(b.tensors);
}

class OptimOutOfMemory : public ::testing::TestWithParam<Kind> {};

TEST_P(OptimOutOfMemory, AStepIsDoneAsAWholeOrNotAtAll) {
  Groups undisturbed, groups;
  for (const bool first : {true, false}) {  // of several steps: the first one makes the state
    const auto whole = GetParam().make(undisturbed.of()), broken = GetParam().make(groups.of());
    if (!first) {
      whole->step();
      broken->step();
    }
    const std::string before = groups.bits();
    const int64_t failures =
        fail_each_new([&] { broken->step(); },
                      [&](int64_t k) { ASSERT_EQ(groups.bits(), before) << "call " << k; });
    EXPECT_GT(failures, 1);
    whole->step();
    EXPECT_EQ(groups.bits(), undisturbed.bits());
    EXPECT_NE(groups.bits(), before);
  }
}

TEST_P(OptimOutOfMemory, AStateIsLoadedAsAWholeOrNotAtAll) {
  const Groups groups;
  const auto from = GetParam().make(groups.of()), to = GetParam().make(groups.of());
  to->step();
  const OptimizerState older = copied(to->state());
  from->load_state(older);
  from->step();
  from->set_lr(0.5);
  const OptimizerState newer = copied(from->state());
  const int64_t failures =
      fail_each_new([&] { to->load_state(newer); },
                    [&](int64_t k) { ASSERT_TRUE(equal(to->state(), older)) << "call " << k; });
  EXPECT_GT(failures, 1);
  EXPECT_TRUE(equal(to->state(), newer));
}

INSTANTIATE_TEST_SUITE_P(Of, OptimOutOfMemory, ::testing::ValuesIn(kinds()),
                         [](const auto& info) { return info.param.name; });

TEST(OptimOutOfMemory, AveragesAreUpdatedAsAWholeOrNotAtAll) {
  const Groups groups;
  EMA averages(groups.params, {.decay = 0.5});
  const auto bits = [&] {
    return testing::bits({{"0", averages.averages()[0]}, {"1", averages.averages()[1]}});
  };
  for (const Tensor& p : groups.params) {
    Tensor changed = p.detach();
    fill_(changed, 3);
  }
  const std::string before = bits();
  const int64_t failures = fail_each_new([&] { averages.update(); },
                                         [&](int64_t k) {
                                           ASSERT_EQ(bits(), before) << "call " << k;
                                           ASSERT_EQ(averages.updates(), 0) << "call " << k;
                                         });
  EXPECT_GT(failures, 1);
  EXPECT_NE(bits(), before);
}

}  // namespace
}  // namespace strata
