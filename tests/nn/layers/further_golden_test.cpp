// Against PyTorch; tools/golden/layers_further.py made the numbers.
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/nn/layers/activation.h"
#include "strata/nn/layers/adaptive_log_softmax.h"
#include "strata/nn/layers/distance.h"
#include "strata/nn/layers/padding.h"
#include "strata/nn/layers/parameter_dict.h"
#include "strata/nn/layers/parameter_list.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/special.h"
#include "strata/ops/views.h"
#include "tests/support/golden_dump.h"
#include "tests/support/message.h"
#include "tests/support/rule_weights.h"

namespace strata::nn {
namespace {

using testing::GoldenDump;
using testing::message;
using testing::rule_integers;
using testing::rule_tensor;

constexpr double kClose = 3e-6;

const GoldenDump& golden() {
  static const GoldenDump dump("nn/further");
  return dump;
}

/// With inputs by rule.
void expect_pass(const std::string& name, Module& layer, const std::vector<Shape>& shapes,
                 const GoldenDump::Call& call) {
  std::vector<Tensor> inputs;
  for (const Shape& shape : shapes) {
    inputs.push_back(rule_tensor(name + ".x" + std::to_string(inputs.size()), shape));
  }
  golden().expect_pass(name, layer, inputs, call, kClose);
}

/// A layer with sides of its own and one that has 1 on all, the latter of one sample.
void expect_padding(const std::string& name, const Shape& shape, Module&& each, Module&& all) {
  const auto call = [](Module& layer) {
    return [&](const std::vector<Tensor>& in) { return layer(in[0]); };
  };
  expect_pass(name, each, {shape}, call(each));
  Shape sample = shape;
  sample.erase(0);
  expect_pass(name + ".all", all, {sample}, call(all));
  EXPECT_EQ(each.type(), name.substr(0, name.size() - 1) + "Pad" + name.back() + "d");
}

template <class Layer>
concept TakesSidesAlone = requires {
  Layer({1, 2});
};

// A forgotten value must not make the second side the value.
static_assert(TakesSidesAlone<ZeroPad1d> && !TakesSidesAlone<ConstantPad1d>);
static_assert(std::is_constructible_v<ZeroPad2d, int> &&
              !std::is_constructible_v<ZeroPad2d, double>);

TEST(FurtherLayers, PadAsPyTorch) {
  const Shape one = {2, 5, 3}, two = {2, 4, 5, 2}, three = {1, 3, 4, 5, 2};
  const Padding<1> ends = {2, 1};
  const Padding<2> edges = {1, 3, 2, 0};
  const Padding<3> faces = {2, 0, 1, 2, 1, 1};
  expect_padding("Reflection1", one, ReflectionPad1d({2, 1}), ReflectionPad1d(1));
  expect_padding("Reflection2", two, ReflectionPad2d({1, 3, 2, 0}), ReflectionPad2d(1));
  expect_padding("Reflection3", three, ReflectionPad3d({2, 0, 1, 2, 1, 1}), ReflectionPad3d(1));
  expect_padding("Replication1", one, ReplicationPad1d(ends), ReplicationPad1d(1));
  expect_padding("Replication2", two, ReplicationPad2d(edges), ReplicationPad2d(1));
  expect_padding("Replication3", three, ReplicationPad3d(faces), ReplicationPad3d(1));
  expect_padding("Circular1", one, CircularPad1d(ends), CircularPad1d(1));
  expect_padding("Circular2", two, CircularPad2d(edges), CircularPad2d(1));
  expect_padding("Circular3", three, CircularPad3d(faces), CircularPad3d(1));
  expect_padding("Zero1", one, ZeroPad1d(ends), ZeroPad1d(1));
  expect_padding("Zero2", two, ZeroPad2d(edges), ZeroPad2d(1));
  expect_padding("Zero3", three, ZeroPad3d(faces), ZeroPad3d(1));
  expect_padding("Constant1", one, ConstantPad1d(ends, 0.75), ConstantPad1d(1, 0.75));
  expect_padding("Constant2", two, ConstantPad2d(edges, 0.75), ConstantPad2d(1, 0.75));
  expect_padding("Constant3", three, ConstantPad3d(faces, 0.75), ConstantPad3d(1, 0.75));
}

TEST(FurtherLayers, PaddingCutsAndRefuses) {
  EXPECT_EQ(ZeroPad2d(-1)(ones({4, 5, 2})).shape(), (Shape{2, 3, 2}));
  EXPECT_EQ(message<ShapeError>([] {
              ReflectionPad2d(1)(ones({4, 5}));
            }),
            "[ReflectionPad2d] takes inputs of 3 or 4 axes, channels last, got f32[4, 5]");
  EXPECT_THROW(ReflectionPad1d(3)(ones({3, 2})), ShapeError);
}

TEST(FurtherLayers, OfTwoInputsAreThoseOfPyTorch) {
  CosineSimilarity cosine({.eps = 0.1});
  expect_pass("cosine", cosine, {{2, 3, 4}, {2, 3, 4}},
              [&](const auto& in) { return cosine(in[0], in[1]); });
  PairwiseDistance distance({.p = 3, .eps = 1e-3, .keep = true});
  expect_pass("pairwise", distance, {{3, 4}, {3, 4}},
              [&](const auto& in) { return distance(in[0], in[1]); });
  Softmin least({.axis = 1});
  expect_pass("softmin", least, {{2, 3, 4}}, [&](const auto& in) { return least(in[0]); });
  EXPECT_THROW(static_cast<Module&>(cosine)(ones({2})), ValueError);
}

TEST(AdaptiveLogSoftmax, RoundsWidthsDownAsPython) {
  AdaptiveLogSoftmaxWithLoss layer({.in = 11,
                                    .classes = 4,
                                    .cutoffs = {2, 3},
                                    .div_value = 1.1});  // 11 // 1.1 is 9, 11 / 1.1 10
  EXPECT_EQ(state_dict(layer).at("tail.0.0.weight").shape(), (Shape{9, 11}));
  EXPECT_EQ(state_dict(layer).at("tail.1.0.weight").shape(), (Shape{9, 11}));
}

TEST(AdaptiveLogSoftmax, IsThatOfPyTorch) {
  const Tensor target = rule_integers("adaptive.target", {9}, 20);
  for (const bool bias : {false, true}) {
    const std::string name = bias ? "adaptive.bias" : "adaptive";
    AdaptiveLogSoftmaxWithLoss layer({.in = 17,
                                      .classes = 20,
                                      .cutoffs = {4, 5, 12},
                                      .div_value = bias ? 2.5 : 2,
                                      .head_bias = bias});
    testing::set_rule_weights(layer);
    expect_pass(name + ".output", layer, {{9, 17}},
                [&](const auto& in) { return layer(in[0], target).output; });
    expect_pass(name + ".loss", layer, {{9, 17}},
                [&](const auto& in) { return layer(in[0], target).loss; });
    expect_pass(name + ".all", layer, {{9, 17}},
                [&](const auto& in) { return layer.log_prob(in[0]); });
    expect_pass(name + ".frequent", layer, {{9, 17}},
                [&](const auto& in) { return layer(in[0], remainder(target, 4)).output; });
    expect_pass(name + ".one", layer, {{17}},
                [&](const auto& in) { return layer(in[0], select(target, 0, 0)).output; });
    golden().expect(name + ".predicted", layer.predict(rule_tensor(name + ".x", {30, 17}, -9, 9)),
                    kClose);
    golden().expect_state(name + ".state.", layer, kClose);
    EXPECT_EQ(state_dict(layer).size(), bias ? 8u : 7u);
  }
}

TEST(AdaptiveLogSoftmax, TakesEmptyBatchesAndMeta) {
  AdaptiveLogSoftmaxWithLoss layer({.in = 16, .classes = 9, .cutoffs = {2, 8}});
  const auto none = layer(ones({0, 16}), zeros({0}, DType::i64));
  EXPECT_EQ(none.output.shape(), (Shape{0}));
  EXPECT_EQ(layer.log_prob(ones({0, 16})).shape(), (Shape{0, 9}));
  const DeviceScope on_meta(kMeta);
  AdaptiveLogSoftmaxWithLoss big({.in = 16, .classes = 9, .cutoffs = {2, 8}});
  const auto [output, loss] = big(empty({5, 16}, DType::f32, kMeta), empty({5}, DType::i64, kMeta));
  EXPECT_EQ(output.shape(), (Shape{5}));
  EXPECT_TRUE(loss.is_meta() && output.is_meta());
}

TEST(AdaptiveLogSoftmax, SaysWhatIsWrong) {
  const auto made = [](std::vector<int64_t> cutoffs, double div_value = 4) {
    AdaptiveLogSoftmaxWithLoss layer(
        {.in = 16, .classes = 9, .cutoffs = std::move(cutoffs), .div_value = div_value});
    return layer;
  };
  EXPECT_EQ(message<ValueError>([&] {
              made({2, 2});
            }),
            "[AdaptiveLogSoftmaxWithLoss] .cutoffs must increase within (0, 9), got [2, 2]");
  for (const auto& cutoffs : {std::vector<int64_t>{}, {0, 3}, {9}, {5, 3}}) {
    EXPECT_THROW(made(cutoffs), ValueError);
  }
  EXPECT_EQ(message<ValueError>([&] {
              made({2, 4, 6});
            }),
            "[AdaptiveLogSoftmaxWithLoss] cluster 2 would have no features: 16 / 4^3");
  EXPECT_THROW(made({2}, 0), ValueError);
  EXPECT_EQ(message<ValueError>([] { AdaptiveLogSoftmaxWithLoss layer({.in = 3}); }),
            "[AdaptiveLogSoftmaxWithLoss] .classes must be given, at least 1");
  AdaptiveLogSoftmaxWithLoss layer = made({2, 4});
  const Tensor x = ones({2, 16});
  EXPECT_EQ(message<IndexError>([&] {
              layer(x, tensor<int64_t>({0, 9}));
            }),
            "[AdaptiveLogSoftmaxWithLoss] target 9 is outside of [0, 9)");
  EXPECT_THROW(layer(x, tensor<int64_t>({-1, 3})), IndexError);
  EXPECT_THROW(layer(x, ones({2})), DTypeError);
  EXPECT_THROW(layer(x, zeros({3}, DType::i64)), ShapeError);
  EXPECT_THROW(layer(ones({2, 15}), zeros({2}, DType::i64)), ShapeError);
  EXPECT_THROW(layer.log_prob(ones({16})), ShapeError);
}

std::string names_of(Module& module) {
  std::string names;
  for (const NamedTensor& t : module.named_tensors()) names += t.name + " ";
  return names;
}

TEST(ParameterList, HoldsParametersByNumber) {
  ParameterList list;
  Tensor shared = parameter(ones({2}));
  list.add(shared);
  const Tensor values = zeros({3});
  list.add(values);
  list.add(sum(list[0]));
  EXPECT_EQ(list.size(), 3U);
  EXPECT_EQ(names_of(list), "0 1 2 ");
  EXPECT_TRUE(list[0].same_as(shared));
  EXPECT_FALSE(list[1].same_as(values)) << "a copy";
  for (Tensor& p : list) EXPECT_TRUE(p.requires_grad());
  EXPECT_EQ(list[2].item<float>(), 2);
  backward(sum(list[0]) + sum(list[2]));
  EXPECT_EQ(shared.grad().to_vector<float>(), (std::vector<float>{1, 1}))
      << "the third is no result of the first";
  EXPECT_EQ(&list[-1], &list[2]);
  EXPECT_EQ(message<IndexError>([&] { list[3]; }), "[ParameterList] no parameter 3: there are 3");
  EXPECT_EQ(message<IndexError>([&] { list[-4]; }), "[ParameterList] no parameter -4: there are 3");
  EXPECT_THROW(list.add(zeros({2}, DType::i64)), DTypeError);
  EXPECT_THROW(list.add(Tensor()), ValueError);
  EXPECT_EQ(list.size(), 3U);
}

TEST(ParameterDict, HoldsParametersByName) {
  ParameterDict dict;
  dict.add("scale", ones({2}));
  dict.add("0", zeros({3}));
  EXPECT_EQ(names_of(dict), "scale 0 ");
  EXPECT_EQ(dict["0"].shape(), (Shape{3}));
  EXPECT_TRUE(dict.contains("scale"));
  EXPECT_FALSE(dict.contains("shift"));
  EXPECT_EQ(message<ValueError>([&] { dict["shift"]; }),
            "[ParameterDict] no \"shift\"\n  hint: it has scale, 0");
  EXPECT_EQ(message<ValueError>([&] { dict.add("scale", ones({2})); }),
            "[ParameterDict] there is a \"scale\" already");
  EXPECT_THROW(dict.add("a.b", ones({2})), ValueError);
  EXPECT_THROW(dict.add("c", zeros({2}, DType::i64)), DTypeError);
  EXPECT_EQ(dict.size(), 2U);
  EXPECT_EQ(dict.names().size(), 2U);
  load_state_dict(dict, {{"scale", full({2}, 3)}, {"0", full({3}, 4)}});
  EXPECT_EQ(dict["scale"].to_vector<float>(), (std::vector<float>{3, 3}));
}

TEST(ParameterContainers, ReferencesOutliveWhatIsAdded) {
  ParameterList list;
  ParameterDict dict;
  Tensor &in_list = list.add(ones({2})), &in_dict = dict.add("0", ones({2}));
  for (int i = 1; i < 100; ++i) {
    list.add(zeros({1}));
    dict.add(std::to_string(i), zeros({1}));
  }
  EXPECT_EQ(&in_list, &list[0]);
  EXPECT_EQ(&in_dict, &dict["0"]);
}

}  // namespace
}  // namespace strata::nn
