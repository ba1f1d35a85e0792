#include <map>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "models/generative/ddpm_unet.h"
#include "models/generative/residual_unet.h"
#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/io/safetensors.h"
#include "strata/nn/state_dict.h"
#include "strata/nn/summary.h"
#include "strata/ops/creation.h"
#include "strata/ops/losses.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/default_device.h"
#include "tests/support/difference.h"
#include "tests/support/message.h"
#include "tests/support/rule_weights.h"

namespace strata::models {
namespace {

using testing::message;
using testing::relative_difference;

constexpr int64_t kSamples = 6;

struct Net {
  std::string name;  // in the dump
  std::function<std::unique_ptr<Denoiser>()> make;
  Shape images;
};

const std::vector<Net>& nets() {
  static const std::vector<Net> all = {
      {"cifar10", [] { return std::make_unique<DdpmUNet>(); }, {2, 32, 32, 3}},
      {"other",
       [] {
         return std::make_unique<DdpmUNet>(DdpmUNetConfig{.in = 2,
                                                          .out = 5,
                                                          .widths = {16, 24},
                                                          .attention = {false, true},
                                                          .blocks = 1,
                                                          .groups = 8,
                                                          .eps = 1e-5,
                                                          .downsample_padding = 1,
                                                          .cosines_first = true,
                                                          .frequency_shift = 0});
       },
       {3, 12, 20, 2}},
      {"digits", [] { return std::make_unique<ResidualUNet>(); }, {3, 28, 28, 1}},
      {"bench",
       [] {
         return std::make_unique<ResidualUNet>(ResidualUNetConfig{.channels = 3,
                                                                  .widths = {16, 32, 32},
                                                                  .up_widths = {16, 32, 32},
                                                                  .blocks = 2,
                                                                  .halve_last = false,
                                                                  .attention = false,
                                                                  .doubled_conv = true});
       },
       {2, 16, 24, 3}}};
  return all;
}

/// The same elements as in the dump: evenly spaced in the file's layout.
std::vector<double> samples(const nn::NamedTensor& t) {
  Tensor g = t.tensor->grad();
  if (t.layout == nn::Layout::conv_weight) g = permute(g, {0, 3, 1, 2});
  const auto all = g.to_vector<double>();
  std::vector<double> out;
  for (int64_t i = 0; i < kSamples; ++i) {
    out.push_back(all[static_cast<size_t>(i * g.numel() / kSamples)]);
  }
  return out;
}

class UNetGolden : public ::testing::TestWithParam<size_t> {};

TEST_P(UNetGolden, EqualsPyTorch) {
  const Net& net = nets()[GetParam()];
  const TensorMap dump =
      load_safetensors(STRATA_SOURCE_DIR "/tests/golden/models/unet.safetensors");
  const auto wanted = [&](const char* what) { return dump.at(net.name + "." + what); };
  const auto model = net.make();
  testing::set_rule_weights(*model);
  const Tensor x = testing::rule_tensor("x", net.images, -2, 2);
  const Tensor t = slice(tensor<int64_t>({3, 977, 401}), 0, 0, net.images[0]);
  model->eval();
  {
    const NoGrad no_grad;
    EXPECT_LT(relative_difference((*model)(x, t), wanted("y")), 1e-4);
  }
  model->train();
  const Tensor y = (*model)(x, t);
  EXPECT_LT(relative_difference(y, wanted("y")), 1e-4);
  backward(mse_loss(y, testing::rule_tensor("y", y.shape())));
  std::map<std::string, nn::NamedTensor> parameters;
  for (const nn::NamedTensor& p : model->named_tensors()) parameters[p.name] = p;
  ASSERT_EQ(static_cast<int64_t>(parameters.size()), wanted("grads").size(0));
  int64_t i = 0;
  for (const auto& [name, p] : parameters) {
    const auto got = samples(p), torch = select(wanted("grads"), 0, i).to_vector<double>();
    const double largest = select(wanted("largest"), 0, i++).item<double>();
    for (size_t k = 0; k < got.size(); ++k) {
      // A bias in front of a softmax over it has a gradient of rounding errors alone.
      EXPECT_NEAR(got[k], torch[k], 1e-4 * largest + 1e-8) << "gradient of " << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Nets, UNetGolden, ::testing::Range<size_t>(0, 4),
                         [](const auto& p) { return nets()[p.param].name; });

TEST(UNet, CountsAreThePublishedOnes) {
  const DeviceScope meta(kMeta);
  DdpmUNet cifar10;
  EXPECT_EQ(cifar10.parameter_count(), 35'746'307);
  DdpmUNet lsun({.widths = {128, 128, 256, 256, 512, 512},
                 .attention = {false, false, false, false, true, false}});
  EXPECT_EQ(lsun.parameter_count(), 113'673'219);
  ResidualUNet digits;
  const nn::Summary s = nn::summarize(digits, {1, 28, 28, 1});
  EXPECT_EQ(s.parameters, 395'681);
  EXPECT_EQ(s.layers.front().output, (Shape{1, 28, 28, 1}));
}

TEST(UNet, TakesTheOlderNamesOfAttention) {
  const Tensor a = zeros({1}), b = ones({1});
  const nn::StateDict state = present_names({{"mid_block.attentions.0.query.weight", a},
                                             {"mid_block.attentions.0.proj_attn.bias", b},
                                             {"conv_in.weight", a}});
  EXPECT_EQ(state.size(), 3u);
  EXPECT_TRUE(state.at("mid_block.attentions.0.to_q.weight").same_as(a));
  EXPECT_TRUE(state.at("mid_block.attentions.0.to_out.0.bias").same_as(b));
  EXPECT_TRUE(state.contains("conv_in.weight"));
}

TEST(UNet, NamesWhatDoesNotFit) {
  EXPECT_EQ(message<Error>([] { DdpmUNet({.attention = {true}}); }),
            "[DdpmUNet] 4 .widths and 1 entries of .attention");
  EXPECT_EQ(message<Error>([] { ResidualUNet({.up_widths = {32}}); }),
            "[ResidualUNet] 2 .widths and 1 .up_widths");
  EXPECT_EQ(message<Error>([] { ResidualUNet({.time_waves = 7}); }),
            "[TimeEmbedding] .waves = 7 are not as many sines as cosines");
  EXPECT_EQ(message<Error>([] { ResidualUNet({.groups = 7}); }),
            "[GroupNorm] 7 groups do not divide .channels = 32 evenly");
}

}  // namespace
}  // namespace strata::models
