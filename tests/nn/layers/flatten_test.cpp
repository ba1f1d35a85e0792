#include "strata/nn/layers/flatten.h"

#include <vector>

#include <gtest/gtest.h>

#include "strata/ops/creation.h"
#include "strata/ops/views.h"

namespace strata::nn {
namespace {

// 0, 1, 2, ... in PyTorch's order [N, C, ...], so that PyTorch's Flatten leaves them in order.
Tensor theirs(const Shape& shape) {
  return reshape(arange(0, static_cast<double>(numel(shape))), shape);
}

TEST(Flatten, PutsColumnsInPyTorchsOrder) {
  const Tensor pictures = theirs({2, 3, 4, 5}), volumes = theirs({2, 3, 4, 5, 6});
  EXPECT_EQ(Flatten()(permute(pictures, {0, 2, 3, 1})).to_vector<float>(),
            pictures.to_vector<float>());
  const Tensor y = Flatten()(permute(volumes, {0, 2, 3, 4, 1}));
  EXPECT_EQ(y.shape(), (Shape{2, 360}));
  EXPECT_EQ(y.to_vector<float>(), volumes.to_vector<float>());
}

TEST(Flatten, IsToldWhatSequencesAre) {
  const Tensor of_conv = theirs({2, 3, 4}), steps = theirs({2, 4, 3});
  EXPECT_EQ(Flatten({.channels_first = true})(permute(of_conv, {0, 2, 1})).to_vector<float>(),
            of_conv.to_vector<float>());
  EXPECT_EQ(Flatten()(steps).to_vector<float>(), steps.to_vector<float>());
}

TEST(Flatten, LeavesTheOrderWhereAsked) {
  Flatten flatten({.channels_first = false});
  for (const Shape& shape : {Shape{2, 3}, {2, 3, 4}, {2, 3, 4, 5}, {2, 3, 4, 5, 6}}) {
    EXPECT_EQ(flatten(theirs(shape)).to_vector<float>(), theirs(shape).to_vector<float>());
  }
  const Tensor rows = theirs({2, 3});
  EXPECT_EQ(Flatten({.channels_first = true})(rows).to_vector<float>(), rows.to_vector<float>());
}

}  // namespace
}  // namespace strata::nn
