#include "strata/nn/layers/conv_nd.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/nn/layers/conv_transpose.h"
#include "strata/nn/layers/local_norm.h"
#include "strata/nn/layers/pool.h"
#include "strata/nn/layers/pool_nd.h"
#include "strata/nn/layers/rearrange.h"
#include "strata/nn/layers/upsample.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/conv.h"
#include "strata/ops/creation.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata::nn {
namespace {

TEST(ConvNdLayers, FilesHoldPyTorchsShapes) {
  Conv1d one({.in = 4, .out = 6, .kernel = 3, .groups = 2});
  Conv3d three({.in = 2, .out = 5, .kernel = {1, 2, 3}});
  ConvTranspose1d back1({.in = 6, .out = 4, .kernel = 3, .groups = 2});
  ConvTranspose2d back2({.in = 5, .out = 2, .kernel = {2, 3}});
  ConvTranspose3d back3({.in = 5, .out = 2, .kernel = {1, 2, 3}, .bias = false});
  EXPECT_EQ(describe(state_dict(one).at("weight")), "f32[6, 2, 3]");
  EXPECT_EQ(describe(state_dict(three).at("weight")), "f32[5, 2, 1, 2, 3]");
  EXPECT_EQ(describe(state_dict(back1).at("weight")), "f32[6, 2, 3]");
  EXPECT_EQ(describe(state_dict(back2).at("weight")), "f32[5, 2, 2, 3]");
  EXPECT_EQ(describe(state_dict(back2).at("bias")), "f32[2]");
  EXPECT_EQ(back3.parameters().size(), 1U);
  Conv3d other({.in = 2, .out = 5, .kernel = {1, 2, 3}});
  load_state_dict(other, state_dict(three));
  EXPECT_EQ(other.weight.to_vector<float>(), three.weight.to_vector<float>());
}

TEST(ConvNdLayers, ApplyTheirOptions) {
  const Tensor x = randn({2, 9, 4});
  Conv1d one({.in = 4, .out = 6, .kernel = 3, .stride = 2, .padding = 1, .relu = true});
  EXPECT_EQ(one(x).to_vector<float>(),
            conv1d(x, one.weight, one.bias, {.stride = 2, .padding = 1, .relu = true})
                .to_vector<float>());
  const Tensor volume = randn({1, 4, 5, 6, 2});
  Conv3d three({.in = 2, .out = 3, .kernel = 2, .padding = 1, .dilation = {2, 1, 1}});
  EXPECT_EQ(three(volume).to_vector<float>(),
            conv3d(volume, three.weight, three.bias, {.padding = 1, .dilation = {2, 1, 1}})
                .to_vector<float>());
  const Tensor image = randn({1, 3, 4, 5});
  ConvTranspose2d back({.in = 5, .out = 2, .kernel = 3, .stride = 2, .output_padding = 1});
  EXPECT_EQ(back(image).shape(), (Shape{1, 8, 10, 2}));
  EXPECT_EQ(back(image).to_vector<float>(),
            conv_transpose2d(image, back.weight, back.bias, {.stride = 2, .output_padding = 1})
                .to_vector<float>());
  ConvTranspose1d back1({.in = 4, .out = 3, .kernel = 4, .stride = 2, .padding = 1});
  EXPECT_EQ(back1(x).shape(), (Shape{2, 18, 3}));
  ConvTranspose3d back3({.in = 2, .out = 3, .kernel = 2, .stride = {1, 2, 2}});
  EXPECT_EQ(back3(volume).shape(), (Shape{1, 5, 10, 12, 3}));
}

TEST(ConvNdLayers, NameWhatIsMissingOrDoesNotDivide) {
  EXPECT_EQ(testing::message<ValueError>([] { Conv1d layer({.in = 2, .out = 3}); }),
            "[Conv1d] .kernel must be given, at least 1");
  EXPECT_EQ(testing::message<ValueError>(
                [] { Conv3d layer({.in = 2, .out = 3, .kernel = 1, .groups = 2}); }),
            "[Conv3d] 2 groups do not divide .in = 2 and .out = 3 evenly");
  EXPECT_EQ(testing::message<ValueError>([] { ConvTranspose2d layer({.in = 2, .out = 3}); }),
            "[ConvTranspose2d] .kernel must be given, at least 1");
}

TEST(PoolNdLayers, ApplyTheirOptions) {
  const Tensor x = randn({1, 10, 3}), volume = randn({1, 4, 5, 6, 2}), image = randn({1, 7, 7, 2});
  const auto same = [](const Tensor& a, const Tensor& b) {
    EXPECT_EQ(a.shape(), b.shape());
    EXPECT_EQ(a.to_vector<float>(), b.to_vector<float>());
  };
  MaxPool1d max1({.kernel = 3, .stride = 2, .dilation = 2, .ceil_mode = true});
  same(max1(x), max_pool1d(x, {.kernel = 3, .stride = 2, .dilation = 2, .ceil_mode = true}));
  AvgPool1d avg1({.kernel = 3, .padding = 1, .count_include_pad = false});
  same(avg1(x), avg_pool1d(x, {.kernel = 3, .padding = 1, .count_include_pad = false}));
  MaxPool3d max3({.kernel = {2, 3, 2}, .stride = 1});
  same(max3(volume), max_pool3d(volume, {.kernel = {2, 3, 2}, .stride = 1}));
  AvgPool3d avg3({.kernel = 2, .ceil_mode = true});
  same(avg3(volume), avg_pool3d(volume, {.kernel = 2, .ceil_mode = true}));
  AdaptiveMaxPool1d shares({.size = 4});
  same(shares(x), adaptive_max_pool1d(x, 4));
  AdaptiveAvgPool3d global;
  EXPECT_EQ(global(volume).shape(), (Shape{1, 1, 1, 1, 2}));
  MaxPool2d max2({.kernel = 2, .stride = 2, .ceil_mode = true});
  EXPECT_EQ(max2(image).shape(), (Shape{1, 4, 4, 2}));
  EXPECT_THROW(MaxPool3d({.stride = 2}), ValueError);
}

TEST(RearrangeLayers, ApplyTheirOptions) {
  const Tensor x = reshape(arange(0, 9, 1, DType::f32), {1, 3, 3, 1});
  Pad2d mirror({.top = 1, .left = 2, .mode = PadMode::reflect});
  EXPECT_EQ(slice(mirror(x), 1, 0, 1).to_vector<float>(), (std::vector<float>{5, 4, 3, 4, 5}));
  Pad2d ones_around({.bottom = 1, .right = 1, .value = 1});
  EXPECT_EQ(slice(ones_around(x), 1, 3).to_vector<float>(), (std::vector<float>{1, 1, 1, 1}));
  EXPECT_THROW(mirror(zeros({3, 3})), ShapeError);
  PixelShuffle up(2);
  PixelUnshuffle down(2);
  const Tensor y = randn({1, 2, 2, 8});
  EXPECT_EQ(down(up(y)).to_vector<float>(), y.to_vector<float>());
  EXPECT_THROW(PixelShuffle(0), ValueError);
  Unfold rows({.kernel = 2});
  Fold images(3, {.kernel = 2});
  EXPECT_EQ(images(rows(ones({1, 3, 3, 1}))).to_vector<float>(),
            (std::vector<float>{1, 2, 1, 2, 4, 2, 1, 2, 1}));
  Upsample corners({.scale = 2, .mode = UpsampleMode::bicubic, .align_corners = true});
  const auto big = corners(x).to_vector<float>();
  EXPECT_FLOAT_EQ(big.front(), 0);
  EXPECT_FLOAT_EQ(big.back(), 8);
}

TEST(LocalNormLayers, ApplyTheirOptions) {
  InstanceNorm plain({.channels = 3}), affine({.channels = 3, .affine = true});
  EXPECT_TRUE(plain.parameters().empty());
  EXPECT_EQ(affine.parameters().size(), 2U);
  const Tensor x = randn({2, 4, 5, 3});
  EXPECT_EQ(plain(x).to_vector<float>(), affine(x).to_vector<float>());
  LocalResponseNorm lrn({.size = 3, .alpha = 1});
  EXPECT_EQ(lrn(x).to_vector<float>(),
            local_response_norm(x, {.size = 3, .alpha = 1}).to_vector<float>());
  EXPECT_THROW(LocalResponseNorm({.size = 0}), ValueError);
  EXPECT_THROW(InstanceNorm({}), ValueError);
}

}  // namespace
}  // namespace strata::nn
