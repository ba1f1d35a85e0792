#include "strata/nn/module.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/nn/layers/batch_norm.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/local_norm.h"
#include "strata/nn/layers/sequential.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/message.h"

namespace strata::nn {
namespace {

/// Two layers with one weight.
struct Tied final : Module {
  Linear a{{.in = 3, .out = 3}}, b{{.in = 3, .out = 3}};

  Tied() { b.weight = a.weight; }
  std::string type() const override { return "Tied"; }
  void members(Visitor& v) override { v("a", a)("b", b); }
  Tensor forward(const Tensor& x) override { return b(a(x)); }
};

std::string names(const std::vector<NamedTensor>& tensors) {
  std::string text;
  for (const NamedTensor& t : tensors) text += t.name + " ";
  return text;
}

TEST(Module, ListsSharedTensorsOnceOrAtEachPlace) {
  Tied net;
  EXPECT_EQ(names(net.named_tensors()), "a.weight a.bias b.bias ");
  EXPECT_EQ(names(net.named_places()), "a.weight a.bias b.weight b.bias ");
  EXPECT_EQ(net.parameter_count(), 9 + 3 + 3);
}

TEST(Module, SharedTensorsStaySharedInAnotherDtype) {
  Tied net;
  const auto before = net.a.weight.to_vector<float>();
  for (const DType dtype : {DType::f64, DType::bf16, DType::f32}) {
    net.to(dtype);
    EXPECT_TRUE(net.a.weight.same_as(net.b.weight)) << name_of(dtype);
    EXPECT_EQ(net.b.weight.dtype(), dtype);
    EXPECT_TRUE(net.b.weight.requires_grad());
    EXPECT_EQ(net.parameters().size(), 3u);
    EXPECT_EQ(net(ones({2, 3}, dtype)).dtype(), dtype);
  }
  net.b.weight.set_requires_grad(false);
  net.to(DType::f64);
  EXPECT_FALSE(net.a.weight.requires_grad());
  EXPECT_TRUE(net.a.weight.same_as(net.b.weight));
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_NEAR(net.b.weight.to_vector<float>()[i], before[i], 0.01f);
  }
}

TEST(Module, WeightsAreNoIntegers) {
  for (const bool frozen : {false, true}) {
    Tied net;
    net.a.weight.set_requires_grad(!frozen), net.b.bias.set_requires_grad(!frozen);
    net.a.bias.set_requires_grad(!frozen);
    for (const DType dtype : {DType::i64, DType::boolean}) {
      EXPECT_EQ(testing::message<DTypeError>([&] { net.to(dtype); }),
                std::string("[Tied] takes no weights in ") + std::string(name_of(dtype)));
    }
    EXPECT_EQ(net.a.bias.dtype(), DType::f32);
  }
}

TEST(Module, RunningStatisticsStayFineInHalfTypes) {
  for (const DType dtype : {DType::bf16, DType::f16}) {
    Sequential net(BatchNorm2d({.channels = 3}),
                   InstanceNorm({.channels = 3, .momentum = 0.1, .affine = true, .running = true}));
    const auto& batch = dynamic_cast<BatchNorm2d&>(net[0]);
    const auto& instance = dynamic_cast<InstanceNorm&>(net[1]);
    const Tensor x = cast(randn({4, 5, 5, 3}, 2, 3), dtype);
    net.to(dtype);
    EXPECT_EQ(batch.weight.dtype(), dtype);
    EXPECT_EQ(batch.num_batches_tracked.dtype(), DType::i64);
    const Tensor y = net(x);
    EXPECT_EQ(y.dtype(), dtype);
    backward(sum(y));
    EXPECT_EQ(batch.weight.grad().dtype(), dtype);
    for (const Tensor& t :
         {batch.running_mean, batch.running_var, instance.running_mean, instance.running_var}) {
      EXPECT_EQ(t.dtype(), DType::f32);
    }
    EXPECT_NEAR(batch.running_mean.to_vector<float>()[0], 0.2f, 0.1f);
    net.eval();
    const NoGrad no_grad;
    EXPECT_EQ(net(x).dtype(), dtype);
  }
}

TEST(Module, RunningStatisticsFollowToF64AndBack) {
  Sequential net(BatchNorm1d({.channels = 3}), InstanceNorm({.channels = 3, .running = true}));
  const auto& batch = dynamic_cast<BatchNorm1d&>(net[0]);
  for (const DType dtype : {DType::f64, DType::f16, DType::f64, DType::f32}) {
    net.to(dtype);
    EXPECT_EQ(batch.running_var.dtype(), dtype == DType::f64 ? DType::f64 : DType::f32);
    for (const bool training : {true, false}) {
      net.train(training);
      EXPECT_EQ(net(ones({4, 5, 3}, dtype)).dtype(), dtype);
    }
  }
}

TEST(ModeScope, GivesEachModuleItsOwnModeBack) {
  Sequential net(Linear({.in = 3, .out = 3}), BatchNorm1d({.channels = 3}));
  net[1].eval();
  {
    const ModeScope evaluation(net, false);
    EXPECT_FALSE(net.training() || net[0].training() || net[1].training());
    const ModeScope training(net, true);
    EXPECT_TRUE(net.training() && net[0].training() && net[1].training());
  }
  EXPECT_TRUE(net.training() && net[0].training());
  EXPECT_FALSE(net[1].training());
}

}  // namespace
}  // namespace strata::nn
