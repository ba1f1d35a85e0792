#include "models/vision/resnet.h"

#include <string>
#include <tuple>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "models/vision/resnet_cifar.h"
#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/io/safetensors.h"
#include "strata/nn/state_dict.h"
#include "strata/nn/summary.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/losses.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/difference.h"
#include "tests/support/rule_weights.h"

namespace strata::models {
namespace {

using testing::relative_difference;
using testing::rule_integers;
using testing::rule_tensor;

constexpr int64_t kSamples = 12;

ResNetConfig ten_classes(int depth) {
  ResNetConfig config = resnet_config(depth);
  config.classes = 10;
  return config;
}

/// The same elements as in the dump: evenly spaced in the file's layout.
std::vector<double> samples(const Tensor& t, nn::Layout layout) {
  const Tensor in_file = layout == nn::Layout::conv_weight ? permute(t, {0, 3, 1, 2}) : t;
  const auto all = in_file.to_vector<double>();
  std::vector<double> out;
  for (int64_t i = 0; i < kSamples; ++i) {
    out.push_back(all[static_cast<size_t>(i * t.numel() / kSamples)]);
  }
  return out;
}

std::vector<double> row(const Tensor& t, int64_t i) { return select(t, 0, i).to_vector<double>(); }

/// torchvision's answers, in f64, for one network and image size.
class ResNetGolden : public ::testing::TestWithParam<std::tuple<int, int, int>> {
 protected:
  Tensor wanted(const std::string& what) const {
    const auto [depth, h, w] = GetParam();
    return dump_.at(fmt::format("resnet{}.{}x{}.{}", depth, h, w, what));
  }
  Tensor images(const std::string& name = "x") const {
    const auto [depth, h, w] = GetParam();
    return rule_tensor(name, {3, h, w, 3}, -2, 2);
  }

  /// The gradients, in the order of names, against the dump's `grads` and `largest`.
  void expect_gradients_equal(const std::map<std::string, nn::NamedTensor>& parameters,
                              const std::string& of, double tolerance) {
    const Tensor grads = wanted(of + "grads"), largest = wanted(of + "largest");
    ASSERT_EQ(static_cast<int64_t>(parameters.size()), grads.size(0));
    int64_t i = 0;
    for (const auto& [name, t] : parameters) {
      const auto got = samples(t.tensor->grad(), t.layout), torch = row(grads, i);
      const double most = select(largest, 0, i++).item<double>();
      for (size_t k = 0; k < got.size(); ++k) {
        EXPECT_NEAR(got[k], torch[k], tolerance * most) << "gradient of " << name;
      }
    }
  }

  /// One step in training mode, which leaves gradients and running statistics behind. Gradients are
  /// looked at if `of_gradients` is not 0.
  void expect_training_equal(ResNet& model, DType dtype, double tolerance, double of_gradients) {
    model.train();
    const Tensor y = model(cast(images(), dtype));
    EXPECT_LT(relative_difference(y, wanted("train")), tolerance);
    backward(cross_entropy(y, rule_integers("y", {3}, 10)));
    std::map<std::string, nn::NamedTensor> parameters, buffers;
    for (const nn::NamedTensor& t : model.named_tensors()) {
      if (is_floating(t.tensor->dtype())) (t.trained ? parameters : buffers)[t.name] = t;
    }
    if (of_gradients > 0) expect_gradients_equal(parameters, "", of_gradients);
    int64_t i = 0;
    for (const auto& [name, t] : buffers) {
      EXPECT_LT(relative_difference(samples(*t.tensor, t.layout), row(wanted("running"), i++)),
                tolerance)
          << name;
    }
  }

 private:
  TensorMap dump_ =
      load_safetensors(std::string(STRATA_SOURCE_DIR) + "/tests/golden/models/resnet.safetensors");
};

TEST_P(ResNetGolden, EqualsTorchvision) {
  ResNet model(ten_classes(std::get<0>(GetParam())));
  testing::set_rule_weights(model);
  model.eval();
  EXPECT_LT(relative_difference(model(images()), wanted("eval")), 1e-4) << "layer by layer";
  {
    const NoGrad no_grad;
    EXPECT_LT(relative_difference(model(images()), wanted("eval")), 1e-4)
        << "norms folded into convolutions";
  }
  expect_training_equal(model, DType::f32, 1e-4, 0);
}

// Of the millions of values in front of a network's ReLUs some lie within f32's rounding of 0, and
// whether they pass decides about whole gradients, in PyTorch as well. Here the norms shift each
// channel by 2.5 deviations, and the images are picked so that none lies there.
TEST_P(ResNetGolden, GradientsEqualTorchvisionInF32) {
  ResNet model(ten_classes(std::get<0>(GetParam())));
  testing::set_rule_weights(model);
  std::map<std::string, nn::NamedTensor> parameters;
  for (const nn::NamedTensor& t : model.named_tensors()) {
    if (!t.trained) continue;
    parameters[t.name] = t;
    if (t.tensor->rank() != 1 || !t.name.ends_with("bias") || t.name.starts_with("fc")) continue;
    for (int64_t i = 0; i < t.tensor->numel(); ++i) {
      t.tensor->data<float>()[i] += i % 4 == 0 ? -2.5f : 2.5f;
    }
  }
  model.train();
  const auto picked = static_cast<int>(wanted("apart.images").item<double>());
  const Tensor y = model(images(fmt::format("x{}", picked)));
  EXPECT_LT(relative_difference(y, wanted("apart.train")), 1e-5);
  backward(cross_entropy(y, rule_integers("y", {3}, 10)));
  expect_gradients_equal(parameters, "apart.", 1e-4);
}

TEST_P(ResNetGolden, EqualsTorchvisionInF64) {
  ResNet model(ten_classes(std::get<0>(GetParam())));
  testing::set_rule_weights(model);
  model.to(DType::f64);
  expect_training_equal(model, DType::f64, 1e-6, 1e-6);  // the dump is rounded to f32
}

INSTANTIATE_TEST_SUITE_P(Sizes, ResNetGolden,
                         ::testing::Values(std::tuple(18, 65, 97), std::tuple(18, 91, 43),
                                           std::tuple(50, 65, 97), std::tuple(50, 91, 43)));

TEST(ResNet, CountsAreThePublishedOnes) {
  const DeviceScope meta(kMeta);
  struct Row {
    int depth;
    int64_t parameters;
    double gmacs;
  };
  for (const Row& r :
       {Row{18, 11'689'512, 1.814}, Row{34, 21'797'672, 3.664}, Row{50, 25'557'032, 4.089},
        Row{101, 44'549'160, 7.801}, Row{152, 60'192'808, 11.514}}) {
    ResNet model(resnet_config(r.depth));
    model.eval();
    const nn::Summary s = nn::summarize(model, {1, 224, 224, 3});
    EXPECT_EQ(s.parameters, r.parameters) << r.depth;
    EXPECT_NEAR(static_cast<double>(s.macs) * 1e-9, r.gmacs, 5e-4) << r.depth;
  }
  ResNetCifar small;
  EXPECT_EQ(small.parameter_count(), 412'954);
}

TEST(ResNet, FoldsAnewAfterWeightsChange) {
  ResNet model({.blocks = {1, 1, 1, 1}, .classes = 3, .small_images = true});
  testing::set_rule_weights(model);
  model.eval();
  const Tensor x = rule_tensor("x", {2, 11, 9, 3});
  const auto folded = [&] {
    const NoGrad no_grad;
    return model(x);
  };
  const Tensor before = folded();
  EXPECT_LT(relative_difference(before, model(x)), 1e-5);
  for (const nn::NamedTensor& t : model.named_tensors()) {
    if (t.name != "layer2.0.bn1.running_var") continue;
    const NoGrad no_grad;
    fill_(*t.tensor, 0.1);
  }
  const Tensor after = folded();
  EXPECT_GT(relative_difference(after, before), 1e-2) << "a stale product was used";
  EXPECT_LT(relative_difference(after, model(x)), 1e-5);
}

TEST(ResNet, ConfigsAreChecked) {
  EXPECT_THROW(resnet_config(19), ValueError);
  EXPECT_THROW(ResNet({.blocks = {2, 2, 0, 2}}), ValueError);
}

}  // namespace
}  // namespace strata::models
