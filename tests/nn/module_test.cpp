#include "strata/nn/module.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/nn/layers/batch_norm.h"
#include "strata/nn/layers/conv_norm.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/local_norm.h"
#include "strata/nn/layers/qkv_projection.h"
#include "strata/nn/layers/sequential.h"
#include "strata/ops/arithmetic.h"
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

TEST(Module, OtherHandlesSeeTheConvertedTensors) {
  Tied net;
  const std::vector<Tensor> held = net.parameters();
  const Tensor table = net.a.weight, view = net.a.weight.detach();
  const auto values = table.to_vector<float>();
  backward(sum(net(ones({2, 3}))));
  const auto gradient = table.grad().to_vector<float>();
  net.b.bias.set_grad({});
  net.to(DType::f64);
  for (const Tensor& p : held) EXPECT_EQ(p.dtype(), DType::f64);
  EXPECT_TRUE(table.same_as(net.b.weight));
  EXPECT_EQ(table.to_vector<float>(), values);
  EXPECT_EQ(describe(table.grad()), "f64[3, 3]");
  EXPECT_EQ(table.grad().to_vector<float>(), gradient);
  EXPECT_FALSE(net.b.bias.grad().defined());
  EXPECT_EQ(view.dtype(), DType::f32);
  EXPECT_EQ(view.to_vector<float>(), values);
  backward(sum(net(ones({2, 3}, DType::f64))));
  EXPECT_FLOAT_EQ(table.grad().to_vector<float>()[0], 2 * gradient[0]);
  EXPECT_TRUE(held[2].grad().defined());
}

TEST(Module, GraphsFromBeforeAConversionThrow) {
  for (const bool keeps_the_weight : {true, false}) {
    Linear net({.in = 3, .out = 3, .bias = false});
    const Tensor x = ones({2, 3}).set_requires_grad();
    // The first keeps the weight for x's gradient, the second no value at all.
    const Tensor y = keeps_the_weight ? sum(net(x)) : sum(net.weight + 1);
    net.to(DType::f64);
    EXPECT_THROW(backward(y), GradError) << keeps_the_weight;
    EXPECT_FALSE(net.weight.grad().defined());
    net.to(DType::f32);
    EXPECT_THROW(backward(y), GradError) << keeps_the_weight;
  }
}

TEST(Module, PartsOfOneMemoryBecomeTensorsOfTheirOwn) {
  for (const bool joined : {true, false}) {
    QkvProjection net({.width = 3, .joined = joined});
    const Tensor x = randn({2, 3});
    const auto before = net(x).to_vector<float>();
    const std::vector<Tensor> held = net.parameters();
    net.to(DType::f64);
    const Tensor y = net(cast(x, DType::f64));
    EXPECT_EQ(y.dtype(), DType::f64);
    for (size_t i = 0; i < before.size(); ++i) {
      EXPECT_NEAR(y.to_vector<double>()[i], before[i], 1e-5);
    }
    backward(sum(y));
    for (const Tensor& p : held) EXPECT_EQ(p.grad().dtype(), DType::f64);
    net.to(DType::f32);
    const NoGrad no_grad;
    EXPECT_EQ(net(x).to_vector<float>(), before);
  }
}

TEST(Module, FoldedWeightsFollowAConversion) {
  ConvNorm net({.in = 2, .out = 3, .kernel = 3});
  net.norm.eval();
  const NoGrad no_grad;
  const Tensor x = randn({1, 5, 5, 2});
  const auto before = net(x).to_vector<float>();
  net.conv.to(DType::f64);
  net.norm.to(DType::f64);
  const Tensor y = net(cast(x, DType::f64));
  EXPECT_EQ(y.dtype(), DType::f64);
  EXPECT_NEAR(y.to_vector<double>()[0], before[0], 1e-5);
}

TEST(Module, MetaNetworksAreConverted) {
  const DeviceScope meta(kMeta);
  Tied net;
  net.to(DType::bf16);
  EXPECT_EQ(net.b.weight.dtype(), DType::bf16);
  EXPECT_TRUE(net.b.weight.is_meta() && net.b.weight.requires_grad());
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

TEST(Parameter, IsACopyOfValuesThatGathersAGradient) {
  const int64_t before = parameters_made();
  const Tensor values = tensor<float>({1, 2, 3});
  Tensor w = parameter(values);
  EXPECT_TRUE(w.requires_grad());
  EXPECT_FALSE(w.shares_storage(values));
  EXPECT_EQ(w.to_vector<float>(), values.to_vector<float>());
  EXPECT_EQ(parameters_made(), before + 1);
  EXPECT_THROW(parameter(tensor<int64_t>({1})), DTypeError);
  EXPECT_EQ(parameter({2, 3}).shape(), (Shape{2, 3}));
  EXPECT_EQ(parameter({}).rank(), 0);
  const DeviceScope meta(kMeta);
  EXPECT_TRUE(parameter(values).is_meta());
}

}  // namespace
}  // namespace strata::nn
