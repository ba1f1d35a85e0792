#include "strata/ops/pad.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/gradcheck.h"
#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

using Values = std::vector<double>;

TEST(Pad, AddsAndCuts) {
  const Tensor x = reshape(arange(1, 7), {2, 3});
  EXPECT_EQ(pad(x, {{1, 1, 0}}, 9).to_vector<double>(), (Values{9, 1, 2, 3, 9, 4, 5, 6}));
  EXPECT_EQ(pad(x, {{0, -1, 0}, {-1, 1, -2}}).to_vector<double>(), (Values{0, 4}));
  EXPECT_EQ(pad(transpose(x, 0, 1), {{0, 0, -1}}).to_vector<double>(), (Values{1, 4, 2, 5}));
  EXPECT_EQ(pad(x, {}).to_vector<double>(), x.to_vector<double>());
  EXPECT_FALSE(pad(x, {}).shares_storage(x));
  EXPECT_EQ(pad(zeros({0, 2}), {{0, 1, 1}}, 3).to_vector<double>(), (Values{3, 3, 3, 3}));
  EXPECT_EQ(pad(x, {{1, -3, 0}}).shape(), (Shape{2, 0}));
  EXPECT_EQ(pad(zeros({4, 4}, DType::f32, kMeta), {{0, 1, 2}}).shape(), (Shape{7, 4}));
}

TEST(Pad, FillsEdgesFromTheTensor) {
  const Tensor x = tensor<int64_t>({1, 2, 3});
  EXPECT_EQ(pad(x, {{0, 2, 1}}, PadMode::reflect).to_vector<double>(), (Values{3, 2, 1, 2, 3, 2}));
  EXPECT_EQ(pad(x, {{0, 1, 2}}, PadMode::replicate).to_vector<double>(),
            (Values{1, 1, 2, 3, 3, 3}));
  EXPECT_EQ(pad(x, {{0, 3, 2}}, PadMode::circular).to_vector<double>(),
            (Values{1, 2, 3, 1, 2, 3, 1, 2}));
  EXPECT_EQ(pad(x, {{0, 1, 0}}, PadMode::constant).to_vector<double>(), (Values{0, 1, 2, 3}));
  EXPECT_EQ(pad(zeros({2, 3}, DType::f32, kMeta), {{1, 1, 1}}, PadMode::reflect).shape(),
            (Shape{2, 5}));
  EXPECT_THROW(pad(x, {{0, 3, 0}}, PadMode::reflect), ShapeError);
  EXPECT_THROW(pad(x, {{0, 0, 4}}, PadMode::circular), ShapeError);
  EXPECT_THROW(pad(x, {{0, 3, -2}}, PadMode::circular), ShapeError);  // one element is left
  EXPECT_THROW(pad(x, {{0, -2, -2}}, PadMode::replicate), ShapeError);
  EXPECT_THROW(pad(zeros({0}), {{0, 1, 0}}, PadMode::replicate), ShapeError);
  EXPECT_THROW(pad(x, {{0, 1, 1}, {-1, 1, 1}}, PadMode::reflect), ValueError);
}

TEST(Pad, Errors) {
  const Tensor x = zeros({2, 3});
  try {
    pad(x, {{1, -2, -2}});
    FAIL();
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(), "[pad] -2 before and -2 after axis 1 do not fit f32[2, 3]");
  }
  EXPECT_THROW(pad(x, {{1, INT64_MAX, INT64_MAX}}), ShapeError);
  EXPECT_THROW(pad(x, {{1, INT64_MIN, 0}}), ShapeError);
  EXPECT_THROW(pad(x, {{2, 1, 1}}), IndexError);
  EXPECT_THROW(pad(x, {{1, 1, 1}, {-1, 1, 1}}), ValueError);
  EXPECT_THROW(pad(scalar(1.0F), {{0, 1, 1}}), ShapeError);
}

TEST(Pad, GradientsOfGradients) {
  const auto f = [](std::span<const Tensor> in) {
    return std::vector{pad(in[0] * in[0], {{0, 2, -1}, {1, -1, 3}}, 0.5)};
  };
  const std::vector<Tensor> in = {rand({3, 4}, -1, 1, DType::f64).set_requires_grad()};
  EXPECT_LT(gradcheck(f, in, 1).error, 1e-8);
  EXPECT_LT(gradcheck(f, in, 2).error, 1e-7);
}

TEST(Pad, CircularWrapsWhatIsLeft) {
  const Tensor x = tensor<double>({1, 2, 3, 4}, {1, 4});
  EXPECT_EQ(pad(x, {{1, -1, 1}}, PadMode::circular).to_vector<double>(), (Values{2, 3, 4, 2}));
  EXPECT_EQ(pad(x, {{1, 2, -1}}, PadMode::circular).to_vector<double>(), (Values{2, 3, 1, 2, 3}));
}

}  // namespace
}  // namespace strata
