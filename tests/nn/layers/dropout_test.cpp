#include "strata/nn/layers/dropout.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"

namespace strata::nn {
namespace {

template <class Layer>
void expect_layer(const std::string& type, const Shape& shape) {
  Layer layer({.p = 0.5});
  EXPECT_EQ(layer.type(), type);
  EXPECT_EQ(layer.config().p, 0.5);
  const Tensor x = ones(shape);
  manual_seed(3);
  const auto y = layer(x).template to_vector<float>();
  EXPECT_TRUE(std::any_of(y.begin(), y.end(), [&](float v) { return v != y[0]; })) << type;
  manual_seed(3);
  EXPECT_EQ(layer(x).template to_vector<float>(), y) << type;
  layer.eval();
  EXPECT_TRUE(layer(x).same_as(x)) << type;
  EXPECT_EQ(testing::message<ValueError>([] { Layer bad({.p = 1.5}); }),
            "[" + type + "] .p must be in [0, 1], got 1.5");
}

TEST(DropoutLayers, AreOffInEvaluation) {
  expect_layer<Dropout>("Dropout", {64});
  expect_layer<Dropout1d>("Dropout1d", {8, 2, 8});
  expect_layer<Dropout2d>("Dropout2d", {8, 2, 3, 8});
  expect_layer<Dropout3d>("Dropout3d", {8, 2, 1, 3, 8});
  expect_layer<AlphaDropout>("AlphaDropout", {64});
  expect_layer<FeatureAlphaDropout>("FeatureAlphaDropout", {8, 2, 8});
}

}  // namespace
}  // namespace strata::nn
