#include "strata/ops/grid_sample.h"

#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/autograd/gradcheck.h"
#include "strata/base/error.h"
#include "strata/kernels/grid_sample.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "tests/support/difference.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;
using testing::relative_difference;

constexpr auto kZeros = GridPaddingMode::zeros;
constexpr auto kBorder = GridPaddingMode::border;
constexpr auto kReflection = GridPaddingMode::reflection;

TEST(GridSample, TheIdentityGridGivesTheImage) {
  const Tensor x = rand({2, 3, 5, 4}), volume = rand({1, 2, 3, 4, 5});
  const Tensor unit = tensor<float>({1, 0, 0, 0, 1, 0}, {1, 2, 3});
  const Tensor unit3 = tensor<float>({1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}, {1, 3, 4});
  for (const bool corners : {false, true}) {
    const Tensor grid = affine_grid(expand(unit, {2, 2, 3}), {3, 5}, corners);
    for (const GridMode mode : {GridMode::bilinear, GridMode::nearest, GridMode::bicubic}) {
      const Tensor y = grid_sample(x, grid, {.mode = mode, .align_corners = corners});
      EXPECT_LE(relative_difference(y, x), 1e-6);
    }
    const Tensor deep = affine_grid(unit3, {2, 3, 4}, corners);
    EXPECT_LE(relative_difference(grid_sample(volume, deep, {.align_corners = corners}), volume),
              1e-6);
  }
}

TEST(GridSample, HalvesAreRoundedOnce) {
  const Tensor x = cast(rand({2, 4, 5, 9}, -1, 1), DType::bf16);
  const Tensor grid = cast(rand({2, 3, 3, 2}, -1.5, 1.5), DType::bf16);
  const Tensor dy = cast(rand({2, 3, 3, 9}, -1, 1), DType::bf16);
  const auto pass = [&](DType x_type, DType grid_type, GridMode mode) {
    Tensor a = cast(x, x_type).detach().set_requires_grad();
    Tensor b = cast(grid, grid_type).detach().set_requires_grad();
    const Tensor y = grid_sample(a, b, {.mode = mode});
    EXPECT_EQ(y.dtype(), x_type);
    backward(y, cast(dy, x_type));
    EXPECT_EQ(a.grad().dtype(), x_type);
    EXPECT_EQ(b.grad().dtype(), grid_type);
    return std::vector{y.detach(), a.grad(), b.grad()};
  };
  for (const GridMode mode : {GridMode::bilinear, GridMode::nearest, GridMode::bicubic}) {
    const auto wanted = pass(DType::f32, DType::f32, mode);
    using Types = std::pair<DType, DType>;
    for (const auto& [x_type, grid_type] :
         {Types(DType::bf16, DType::bf16), Types(DType::bf16, DType::f32),
          Types(DType::f16, DType::f16), Types(DType::f16, DType::f32)}) {
      const auto got = pass(x_type, grid_type, mode);
      for (size_t i = 0; i < got.size(); ++i) {
        EXPECT_LE(relative_difference(cast(got[i], DType::f32), wanted[i]), 4e-3) << i;
      }
    }
  }
}

TEST(GridSample, NanIsTheFirstEdgeBesideZeros) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor x = reshape(arange(1, 13, 1, DType::f32), {1, 3, 4, 1});
  const auto at = [&](float v, GridMode mode, GridPaddingMode padding) {
    Tensor image = copy(x).set_requires_grad();
    Tensor grid = tensor<float>({v, 0}, {1, 1, 1, 2}).set_requires_grad();
    const Tensor y = grid_sample(image, grid, {.mode = mode, .padding = padding});
    backward(sum(y));
    return y.item<float>();
  };
  for (const GridPaddingMode padding : {kBorder, kReflection}) {
    EXPECT_EQ(at(nan, GridMode::nearest, padding), 5);
    EXPECT_EQ(at(nan, GridMode::bilinear, padding), 5);
    EXPECT_TRUE(std::isnan(at(nan, GridMode::bicubic, padding)));
    EXPECT_EQ(at(-1e20F, GridMode::bilinear, padding), 5);
  }
  EXPECT_EQ(at(1e20F, GridMode::bilinear, kBorder), 8);
  EXPECT_EQ(at(std::numeric_limits<float>::infinity(), GridMode::bilinear, kBorder), 8);
  EXPECT_EQ(at(nan, GridMode::nearest, kZeros), 0);
  EXPECT_TRUE(std::isnan(at(nan, GridMode::bilinear, kZeros)));
  EXPECT_TRUE(std::isnan(at(nan, GridMode::bicubic, kZeros)));
  EXPECT_EQ(at(1e20F, GridMode::bilinear, kZeros), 0);
  EXPECT_EQ(at(1e20F, GridMode::bicubic, kZeros), 0);
}

TEST(GridSample, ABorderHasSlopeZeroOnTheEdge) {
  const Tensor x = reshape(arange(0, 4, 1, DType::f64), {1, 1, 4, 1});
  const auto slope = [&](double v, GridPaddingMode padding) {
    Tensor grid = tensor<double>({v, 0}, {1, 1, 1, 2}).set_requires_grad();
    backward(sum(grid_sample(x, grid, {.padding = padding, .align_corners = true})));
    return grid.grad().to_vector<double>()[0];
  };
  EXPECT_EQ(slope(-1, kBorder), 0);
  EXPECT_EQ(slope(1, kBorder), 0);
  EXPECT_EQ(slope(0.9, kBorder), 1.5);
  EXPECT_EQ(slope(1.1, kReflection), -1.5);
}

TEST(GridSample, NearestHasSlopeZeroBesideInfinity) {
  const float infinity = std::numeric_limits<float>::infinity();
  Tensor grid = zeros({1, 1, 1, 2}).set_requires_grad();
  backward(sum(grid_sample(full({1, 2, 2, 1}, infinity), grid, {.mode = GridMode::nearest})));
  EXPECT_EQ(grid.grad().to_vector<float>(), (std::vector<float>{0, 0}));
}

TEST(GridSample, TheLastOfMorePixelsThanF32CountsIsTheLast) {
  const kernels::GridSample line{.axes = 2,
                                 .size = {1, 16777220},
                                 .taps = 1,
                                 .padding = kernels::GridPadding::border,
                                 .align_corners = true};
  const float end[] = {1, 0};
  int32_t place = 0;
  kernels::grid_places(line, 1, end, &place);
  EXPECT_EQ(place, 16777219);
}

TEST(GridSample, HasASecondOrderWhereTheLossIsNotLinear) {
  const auto squares = [](std::span<const Tensor> in) {
    const Tensor y = grid_sample(in[0], in[1], {.mode = GridMode::bicubic});
    return std::vector{y * y};
  };
  const std::vector<Tensor> inputs = {rand({1, 4, 3, 5}, -1, 1, DType::f64).set_requires_grad(),
                                      rand({1, 2, 2, 2}, -1, 1, DType::f64).set_requires_grad()};
  const GradCheckResult result = gradcheck(squares, inputs, 2);
  EXPECT_LE(result.error, 1e-6) << result.where;
}

TEST(GridSample, TakesEmptyTensorsAndMeta) {
  EXPECT_EQ(grid_sample(ones({0, 2, 3, 4}), ones({0, 5, 6, 2})).shape(), (Shape{0, 5, 6, 4}));
  EXPECT_EQ(grid_sample(ones({1, 2, 3, 0}), ones({1, 5, 6, 2})).shape(), (Shape{1, 5, 6, 0}));
  Tensor x = ones({1, 2, 3, 4}).set_requires_grad();
  const Tensor none = grid_sample(x, ones({1, 0, 6, 2}));
  EXPECT_EQ(none.shape(), (Shape{1, 0, 6, 4}));
  backward(sum(none));
  EXPECT_EQ(x.grad().to_vector<float>(), std::vector<float>(24, 0));
  const Tensor y =
      grid_sample(empty({1, 2, 3, 4}, DType::bf16, kMeta), empty({1, 5, 6, 2}, DType::bf16, kMeta));
  EXPECT_TRUE(y.is_meta());
  EXPECT_EQ(describe(y), describe(empty({1, 5, 6, 4}, DType::bf16, kMeta)));
}

TEST(GridSample, RefusesWhatPyTorchRefuses) {
  const Tensor x = ones({1, 3, 4, 1}), grid = zeros({1, 2, 2, 2});
  EXPECT_EQ(
      message<ShapeError>([&] {
        grid_sample(x, zeros({2, 2, 2, 2}));
      }),
      "[grid_sample] the grid of x f32[1, 3, 4, 1] must be [1, h, w, 2], got f32[2, 2, 2, 2]");
  EXPECT_EQ(
      message<ValueError>([&] {
        grid_sample(ones({1, 2, 3, 4, 1}), zeros({1, 1, 2, 2, 3}), {.mode = GridMode::bicubic});
      }),
      "[grid_sample] bicubic is of images alone, x is f32[1, 2, 3, 4, 1]");
  EXPECT_THROW(grid_sample(x, zeros({1, 2, 2, 3})), ShapeError);
  EXPECT_THROW(grid_sample(ones({3, 4, 1}), zeros({3, 2, 2})), ShapeError);
  EXPECT_THROW(grid_sample(ones({1, 0, 4, 1}), grid), ShapeError);
  EXPECT_THROW(grid_sample(x, zeros({1, 2, 2, 2}, DType::f64)), DTypeError);
  EXPECT_THROW(grid_sample(zeros({1, 3, 4, 1}, DType::i64), grid), DTypeError);
  EXPECT_THROW(grid_sample(x, empty({1, 2, 2, 2}, DType::f32, kMeta)), DeviceError);
}

TEST(AffineGrid, RefusesWhatPyTorchRefuses) {
  EXPECT_EQ(message<ShapeError>([] {
              affine_grid(ones({2, 2, 3}), {2, 3, 4});
            }),
            "[affine_grid] theta must be [N, 2, 3] with {H, W}, or [N, 3, 4] with {D, H, W}, got "
            "f32[2, 2, 3] and [2, 3, 4]");
  EXPECT_THROW(affine_grid(ones({2, 3}), {2, 3}), ShapeError);
  EXPECT_THROW(affine_grid(ones({1, 2, 3}), {0, 3}), ShapeError);
  EXPECT_THROW(affine_grid(zeros({1, 2, 3}, DType::i64), {2, 3}), DTypeError);
  EXPECT_EQ(affine_grid(ones({0, 2, 3}), {2, 3}).shape(), (Shape{0, 2, 3, 2}));
  EXPECT_EQ(affine_grid(ones({1, 2, 3}, DType::bf16), {2, 3}).dtype(), DType::bf16);
}

}  // namespace
}  // namespace strata
