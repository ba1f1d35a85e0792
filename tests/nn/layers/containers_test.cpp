#include <memory>
#include <new>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/nn/layers/activation.h"
#include "strata/nn/layers/dropout.h"
#include "strata/nn/layers/identity.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/module_dict.h"
#include "strata/nn/layers/module_list.h"
#include "strata/nn/layers/sequential.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"
#include "tests/support/refusing_memory.h"

namespace strata::nn {
namespace {

using testing::message;

std::string names_of(Module& module) {
  std::string names;
  for (const NamedTensor& t : module.named_tensors()) names += t.name + " ";
  return names;
}

std::string types_of(Sequential& net) {
  std::string types;
  for (const auto& stage : net) types += stage->type() + " ";
  return types;
}

TEST(Identity, GivesItsInputBack) {
  const Tensor x = ones({2, 3});
  EXPECT_TRUE(Identity()(x).same_as(x));
}

TEST(ModuleList, HoldsDifferentTypes) {
  ModuleList<Module> layers;
  Linear& first = layers.add(Linear({.in = 2, .out = 3, .bias = false}));
  layers.add(std::make_unique<ReLU>());
  layers.add(Linear({.in = 3, .out = 1}));
  layers.insert(1, std::make_unique<Dropout>());
  EXPECT_EQ(layers.size(), 4U);
  EXPECT_EQ(&layers[0], &first);
  EXPECT_EQ(layers[1].type() + layers[2].type(), "DropoutReLU");
  EXPECT_EQ(names_of(layers), "0.weight 3.weight 3.bias ");
  Tensor x = ones({1, 2});
  for (auto& layer : layers) x = (*layer)(x);
  EXPECT_EQ(x.shape(), (Shape{1, 1}));
  layers.eval();
  EXPECT_FALSE(layers[1].training());
}

TEST(ModuleList, OfOneTypeMakesItsOwnAndTakesOthers) {
  ModuleList<Linear> layers;
  layers.add(LinearConfig{.in = 2, .out = 3});
  layers.add(Linear({.in = 3, .out = 4}));
  layers.insert(0, std::make_unique<Linear>(LinearConfig{.in = 1, .out = 2}));
  EXPECT_EQ(layers[0].config().in, 1);
  EXPECT_EQ(layers[2].config().in, 3);
}

TEST(ModuleList, CountsFromTheEndBelowZero) {
  ModuleList<Module> layers;
  EXPECT_EQ(message<IndexError>([&] { layers[0]; }), "[ModuleList] no module 0: there are 0");
  layers.insert(-0, std::make_unique<ReLU>());
  Tanh& last = layers.add(Tanh());
  EXPECT_EQ(&layers[-1], &last);
  EXPECT_EQ(&layers[-2], &layers[0]);
  EXPECT_EQ(message<IndexError>([&] { layers[2]; }), "[ModuleList] no module 2: there are 2");
  EXPECT_EQ(message<IndexError>([&] { layers[-3]; }), "[ModuleList] no module -3: there are 2");
  layers.insert(-1, std::make_unique<Dropout>());
  layers.insert(-3, std::make_unique<Identity>());
  EXPECT_EQ(layers[0].type() + layers[1].type() + layers[2].type(), "IdentityReLUDropout");
  EXPECT_EQ(&layers[3], &last) << "references outlive what is added";
  EXPECT_THROW(layers.insert(-5, std::make_unique<ReLU>()), IndexError);
  EXPECT_EQ(layers.size(), 4U);
}

TEST(ModuleList, SaysWhatIsWrong) {
  ModuleList<Module> layers;
  layers.add(ReLU());
  EXPECT_EQ(message<IndexError>([&] { layers.insert(2, std::make_unique<ReLU>()); }),
            "[ModuleList] no place 2 among 1 modules");
  EXPECT_EQ(message<ValueError>([&] { layers.insert(0, nullptr); }),
            "[ModuleList] takes a module, not a null pointer");
  EXPECT_THROW(layers.add(std::unique_ptr<Module>()), ValueError);
  EXPECT_EQ(layers.size(), 1U);
}

TEST(ModuleDict, FindsModulesByName) {
  ModuleDict<Module> heads;
  heads.add("boxes", Linear({.in = 2, .out = 4, .bias = false}));
  heads.add("again", std::make_unique<Linear>(LinearConfig{.in = 2, .out = 1}));
  EXPECT_EQ(names_of(heads), "boxes.weight again.weight again.bias ") << "in the order of adding";
  EXPECT_EQ(heads["boxes"](ones({1, 2})).shape(), (Shape{1, 4}));
  EXPECT_TRUE(heads.contains("again"));
  EXPECT_FALSE(heads.contains("0"));
  EXPECT_EQ(heads.size(), 2U);
  ModuleDict<Linear> same;
  EXPECT_EQ(same.add("a", LinearConfig{.in = 5, .out = 1}).config().in, 5);
  EXPECT_EQ(same["a"].config().in, 5);
}

TEST(ModuleDict, SaysWhatIsWrong) {
  ModuleDict<Module> heads;
  EXPECT_EQ(message<ValueError>([&] { heads["boxes"]; }),
            "[ModuleDict] no \"boxes\"\n  hint: it is empty");
  heads.add("boxes", ReLU());
  heads.add("classes", ReLU());
  EXPECT_EQ(message<ValueError>([&] { heads["box"]; }),
            "[ModuleDict] no \"box\"\n  hint: it has boxes, classes");
  EXPECT_EQ(message<ValueError>([&] { heads.add("boxes", ReLU()); }),
            "[ModuleDict] there is a \"boxes\" already");
  EXPECT_EQ(message<ValueError>([&] { heads.add("a.b", ReLU()); }),
            "[ModuleDict] a name must not be empty or hold a point, got \"a.b\"");
  EXPECT_THROW(heads.add("", std::make_unique<ReLU>()), ValueError);
  EXPECT_THROW(heads.add("none", std::unique_ptr<Module>()), ValueError);
  EXPECT_EQ(heads.size(), 2U);
}

TEST(ModuleDict, TakesAModuleWithItsNameOrNeither) {
  const std::string name(40, 'a');  // that needs memory
  bool failed = true;
  for (int64_t first = 1; failed; ++first) {
    ModuleDict<Module> heads;
    auto layer = std::make_unique<ReLU>();
    {
      const testing::FailingNew failing(first);
      try {
        heads.add(name, std::move(layer));
      } catch (const std::bad_alloc&) {
      }
      failed = failing.failed();
    }
    EXPECT_EQ(heads.size(), failed ? 0U : 1U) << first;
    EXPECT_EQ(heads.names().size(), heads.size()) << first;
  }
}

TEST(Sequential, NamesStagesByNumberAndByName) {
  Sequential net;
  net.add("conv", Linear({.in = 2, .out = 3}));
  net.add(ReLU());
  net.add("head", std::make_unique<Linear>(LinearConfig{.in = 3, .out = 1, .bias = false}));
  EXPECT_EQ(names_of(net), "conv.weight conv.bias head.weight ");
  EXPECT_EQ(net["1"].type(), "ReLU");
  EXPECT_EQ(&net["head"], &net[2]);
  net.insert(1, std::make_unique<Linear>(LinearConfig{.in = 3, .out = 3, .bias = false}));
  EXPECT_EQ(names_of(net), "conv.weight conv.bias 1.weight head.weight ");
  EXPECT_EQ(types_of(net), "Linear Linear ReLU Linear ");
  EXPECT_EQ(net(ones({4, 2})).shape(), (Shape{4, 1}));
  EXPECT_EQ(message<ValueError>([&] { net["tail"]; }),
            "[Sequential] no \"tail\"\n  hint: it has conv, 1, 2, head");
  EXPECT_EQ(message<ValueError>([&] { net.add("head", ReLU()); }),
            "[Sequential] there is a \"head\" already");
}

TEST(Sequential, TakesNumbersAsNames) {
  Sequential net;
  net.add("1", Linear({.in = 2, .out = 3, .bias = false}));
  EXPECT_EQ(message<ValueError>([&] { net.add(ReLU()); }),
            "[Sequential] two modules would be \"1\", one by name and one by number\n"
            "  hint: give the module a name, too");
  net.add("0", Linear({.in = 3, .out = 1, .bias = false}));
  EXPECT_EQ(names_of(net), "1.weight 0.weight ");
  EXPECT_EQ(&net["1"], &net[0]);
  net.add(ReLU());
  EXPECT_EQ(message<ValueError>([&] { net.add("2", ReLU()); }),
            "[Sequential] there is a \"2\" already");
  net.add("4", ReLU());
  EXPECT_THROW(net.insert(0, std::make_unique<ReLU>()), ValueError) << "it would be a second 0";
  EXPECT_EQ(net.size(), 4U);
  EXPECT_EQ(types_of(net), "Linear Linear ReLU ReLU ");
}

TEST(Sequential, CountsFromTheEndBelowZero) {
  Sequential net{ReLU(), Tanh()};
  EXPECT_EQ(net[-1].type() + net[-2].type(), "TanhReLU");
  EXPECT_EQ(message<IndexError>([&] { net[2]; }), "[Sequential] no module 2: there are 2");
  EXPECT_EQ(message<IndexError>([&] { net[-3]; }), "[Sequential] no module -3: there are 2");
  EXPECT_THROW(Sequential()[0], IndexError);
  net.insert(-1, std::make_unique<Dropout>());
  net.insert(-3, std::make_unique<Identity>());
  EXPECT_EQ(types_of(net), "Identity ReLU Dropout Tanh ");
  EXPECT_EQ(message<IndexError>([&] { net.insert(-5, std::make_unique<ReLU>()); }),
            "[Sequential] no place -5 among 4 modules");
}

TEST(Sequential, SaysWhatIsWrong) {
  Sequential net;
  net.add("1a", ReLU());
  EXPECT_EQ(message<IndexError>([&] { net.insert(2, std::make_unique<ReLU>()); }),
            "[Sequential] no place 2 among 1 modules");
  EXPECT_EQ(message<ValueError>([&] { net.insert(0, nullptr); }),
            "[Sequential] takes a module, not a null pointer");
  EXPECT_THROW(net.add(std::unique_ptr<Module>()), ValueError);
  EXPECT_THROW(net.add("none", std::unique_ptr<Module>()), ValueError);
  EXPECT_EQ(net.size(), 1U);
  EXPECT_EQ(net["1a"].type(), "ReLU");
}

TEST(Sequential, NestsAndMoves) {
  Sequential inner(Linear({.in = 2, .out = 2}), ReLU());
  Sequential net;
  net.add("block", std::move(inner));
  net.add(Identity());
  EXPECT_EQ(names_of(net), "block.0.weight block.0.bias ");
  Sequential moved = std::move(net);
  EXPECT_EQ(names_of(moved), "block.0.weight block.0.bias ");
}

}  // namespace
}  // namespace strata::nn
