#include "strata/ops/views.h"

#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/in_place.h"
#include "strata/ops/joining.h"

namespace strata {
namespace {

using Values = std::vector<double>;

template <class E, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "nothing was thrown";
}

Tensor cube() { return reshape(arange(0, 24), {2, 3, 4}); }

TEST(Views, ReshapeSharesMemoryWhereItCan) {
  const Tensor x = cube();
  EXPECT_TRUE(reshape(x, {6, -1}).shares_storage(x));
  EXPECT_TRUE(reshape(slice(x, 2, 0, 2), {6, 2}).shares_storage(x));
  EXPECT_TRUE(reshape(select(x, 1, 0), {2, 2, 2}).shares_storage(x));
  const Tensor turned = permute(x, {2, 0, 1});
  EXPECT_TRUE(reshape(turned, {4, 6}).shares_storage(x));
  EXPECT_FALSE(reshape(turned, {8, 3}).shares_storage(x));
  EXPECT_EQ(reshape(turned, {24}).to_vector<double>(), turned.to_vector<double>());
  EXPECT_EQ(reshape(zeros({0, 3}), {3, 0, 7}).shape(), (Shape{3, 0, 7}));
  EXPECT_EQ(reshape(scalar(1.0F), {1, 1}).shape(), (Shape{1, 1}));
  EXPECT_EQ(reshape(zeros({2, 0}), {5, -1}).shape(), (Shape{5, 0}));
}

TEST(Views, ReshapeErrors) {
  const Tensor x = cube();
  EXPECT_EQ(message_of<ShapeError>([&] {
              reshape(x, {5, -1});
            }),
            "[reshape] i64[2, 3, 4] has 24 elements, which do not fill shape [5, -1]");
  EXPECT_THROW(reshape(x, {-1, -1}), ShapeError);
  EXPECT_THROW(reshape(x, {-2, 12}), ShapeError);
  EXPECT_THROW(reshape(x, {23}), ShapeError);
  EXPECT_THROW(reshape(zeros({0}), {-1, 0}), ShapeError);
  // Products that wrap around to the right number, or to 0.
  EXPECT_THROW(reshape(zeros({0}), {int64_t{1} << 32, int64_t{1} << 32}), ShapeError);
  EXPECT_THROW(reshape(x, {int64_t{1} << 62, 4, -1}), ShapeError);
}

TEST(Views, WritesReachTheBase) {
  Tensor x = zeros({2, 3});
  Tensor column = select(x, 1, -1);
  fill_(column, 7);
  Tensor corner = slice(transpose(x, 0, 1), 0, 0, 1);
  copy_(corner, tensor<float>({1, 2}));
  EXPECT_EQ(x.to_vector<double>(), (Values{1, 0, 7, 2, 0, 7}));
}

TEST(Views, CopyIntoAnOverlappingView) {
  Tensor x = arange(0, 6);
  Tensor right = slice(x, 0, 1);
  copy_(right, slice(x, 0, 0, 5));
  EXPECT_EQ(x.to_vector<double>(), (Values{0, 0, 1, 2, 3, 4}));
}

TEST(Views, SliceClampsAsPython) {
  const Tensor x = arange(0, 7);
  EXPECT_EQ(slice(x, 0, -3).to_vector<double>(), (Values{4, 5, 6}));
  EXPECT_EQ(slice(x, 0, -100, 2).to_vector<double>(), (Values{0, 1}));
  EXPECT_EQ(slice(x, 0, 1, -1, 2).to_vector<double>(), (Values{1, 3, 5}));
  EXPECT_EQ(slice(x, 0, 5, 3).numel(), 0);
  EXPECT_EQ(slice(x, 0, 9).numel(), 0);
  EXPECT_EQ(slice(x, 0, 2, INT64_MAX, INT64_MAX).to_vector<double>(), (Values{2}));
  EXPECT_EQ(slice(x, 0, INT64_MIN, INT64_MAX, 6).to_vector<double>(), (Values{0, 6}));
  EXPECT_EQ(message_of<ValueError>([&] { slice(x, 0, 0, 7, -1); }),
            "[slice] step must be at least 1, got -1");
  EXPECT_THROW(slice(x, 0, 0, 7, 0), ValueError);
  EXPECT_THROW(slice(x, 1, 0), IndexError);
  EXPECT_THROW(slice(scalar(1.0F), 0, 0), ShapeError);
}

TEST(Views, SelectErrors) {
  EXPECT_EQ(message_of<IndexError>([] { select(cube(), 1, 3); }),
            "[select] index 3 is outside of axis 1 of i64[2, 3, 4]");
  EXPECT_THROW(select(cube(), 0, -3), IndexError);
  EXPECT_THROW(select(scalar(1.0F), 0, 0), IndexError);
  EXPECT_THROW(select(zeros({0, 2}), 0, 0), IndexError);
}

TEST(Views, BracketsSelectAlongTheFirstAxis) {
  const Tensor x = cube();
  EXPECT_EQ(x[1].shape(), (Shape{3, 4}));
  EXPECT_TRUE(x[1].shares_storage(x));
  EXPECT_EQ(x[-1][2][0].item<int64_t>(), 20);
  EXPECT_EQ(message_of<IndexError>([&] { x[2]; }),
            "[select] index 2 is outside of axis 0 of i64[2, 3, 4]");
  EXPECT_THROW(scalar(1.0F)[0], IndexError);
  Tensor leaf = tensor<float>({1, 2, 3}).set_requires_grad();
  backward(leaf[1] * leaf[-1]);
  EXPECT_EQ(leaf.grad().to_vector<double>(), (Values{0, 3, 2}));
}

TEST(Views, BracketsAreWrittenIntoAndNotAssignedTo) {
  const Tensor x = zeros({2, 2});
  copy_(x[0], tensor<float>({1, 2}));
  x[1] += 5;
  EXPECT_EQ(x.to_vector<double>(), (Values{1, 2, 5, 5}));
  static_assert(!std::is_assignable_v<Tensor, Tensor>, "x[1] = y would leave x as it is");
  static_assert(std::is_assignable_v<Tensor&, Tensor>);
}

TEST(Views, ExpandErrors) {
  const Tensor x = zeros({3, 1});
  EXPECT_EQ(expand(x, {2, -1, 4}).shape(), (Shape{2, 3, 4}));
  EXPECT_EQ(expand(x, {3, 0}).shape(), (Shape{3, 0}));
  EXPECT_TRUE(expand(x, {3, 1}).same_as(x));
  EXPECT_THROW(expand(x, {4, 1}), ShapeError);
  EXPECT_THROW(expand(x, {1}), ShapeError);
  EXPECT_THROW(expand(x, {-1, 3, 1}), ShapeError);
  EXPECT_THROW(expand(x, {int64_t{1} << 61, 3, 8}), ShapeError);
}

TEST(Views, PermuteAndTranspose) {
  EXPECT_EQ(permute(cube(), {-1, 0, 1}).shape(), (Shape{4, 2, 3}));
  EXPECT_EQ(transpose(cube(), 1, 1).shape(), (Shape{2, 3, 4}));
  EXPECT_THROW(permute(cube(), {0, 1}), ShapeError);
  EXPECT_THROW(permute(cube(), {0, 1, 1}), ShapeError);
  EXPECT_THROW(permute(cube(), {0, 1, 3}), IndexError);
  EXPECT_THROW(transpose(cube(), 0, 3), IndexError);
}

TEST(Views, SqueezeUnsqueezeFlatten) {
  const Tensor x = zeros({1, 2, 1});
  EXPECT_EQ(squeeze(x).shape(), (Shape{2}));
  EXPECT_EQ(squeeze(x, -1).shape(), (Shape{1, 2}));
  EXPECT_TRUE(squeeze(x, 1).same_as(x));
  EXPECT_EQ(unsqueeze(x, -1).shape(), (Shape{1, 2, 1, 1}));
  EXPECT_EQ(unsqueeze(x, 1).shape(), (Shape{1, 1, 2, 1}));
  EXPECT_THROW(unsqueeze(x, 4), IndexError);
  EXPECT_THROW(unsqueeze(zeros({1, 1, 1, 1, 1, 1, 1, 1}), 0), ShapeError);
  EXPECT_EQ(flatten(cube(), 1, 2).shape(), (Shape{2, 12}));
  EXPECT_EQ(flatten(scalar(1.0F)).shape(), (Shape{1}));
  EXPECT_THROW(flatten(cube(), 2, 1), ShapeError);
}

TEST(Joining, EmptyPiecesAndErrors) {
  const Tensor a = zeros({2, 0}), b = ones({2, 3});
  EXPECT_EQ(concat({a, b, a}, 1).to_vector<double>(), Values(6, 1.0));
  EXPECT_EQ(concat({zeros({1}, DType::i32), zeros({1}, DType::bf16)}).dtype(), DType::bf16);
  EXPECT_THROW(concat({}), ValueError);
  EXPECT_THROW(stack({}), ValueError);
  EXPECT_THROW(concat({b, zeros({3, 3})}, 1), ShapeError);
  EXPECT_THROW(concat({b, zeros({2})}, 1), ShapeError);
  EXPECT_THROW(concat({scalar(1.0F)}), ShapeError);
  EXPECT_THROW(concat({b, zeros({2, 3}, DType::f32, kMeta)}), DeviceError);
  EXPECT_THROW(stack({b, a}), ShapeError);
  EXPECT_EQ(message_of<ShapeError>([&] {
              split(b, {1, 1}, 1);
            }),
            "[split] sizes [1, 1] do not add up to axis 1 of f32[2, 3]");
  EXPECT_THROW(split(b, {4, -1}, 1), ShapeError);
  EXPECT_THROW(split(b, 0, 1), ValueError);
  EXPECT_THROW(chunk(b, 0), ValueError);
  EXPECT_EQ(split(zeros({0, 2}), 3).size(), 1U);
  EXPECT_EQ(chunk(zeros({7}), 4).size(), 4U);
  EXPECT_EQ(chunk(zeros({6}), 4).size(), 3U);  // as torch.chunk
  EXPECT_EQ(chunk(zeros({0}), 3).size(), 3U);
  EXPECT_TRUE(split(b, 2, 1)[1].shares_storage(b));
}

TEST(Unflatten, SplitsOneAxis) {
  const Tensor x = arange(0, 24);
  EXPECT_EQ(unflatten(x, 0, {2, -1, 4}).shape(), (Shape{2, 3, 4}));
  EXPECT_TRUE(unflatten(x, -1, {24, 1}).shares_storage(x));
  EXPECT_EQ(unflatten(zeros({0, 2}), 0, {3, 0}).shape(), (Shape{3, 0, 2}));
  EXPECT_EQ(message_of<ShapeError>([&] {
              unflatten(x, 0, {5, -1});
            }),
            "[unflatten] axis 0 of i64[24] does not split into [5, -1]");
  EXPECT_THROW(unflatten(x, 0, {-1, -1}), ShapeError);
  EXPECT_THROW(unflatten(x, 0, {-4, -6}), ShapeError);
  EXPECT_THROW(unflatten(x, 0, {}), ShapeError);
  EXPECT_THROW(unflatten(zeros({0}), 0, {0, -1}), ShapeError);
  EXPECT_THROW(unflatten(scalar(1.0F), 0, {1}), ShapeError);
  EXPECT_THROW(unflatten(x, 1, {24}), IndexError);
}

TEST(Movedim, KeepsTheOrderOfTheOthers) {
  const Tensor x = zeros({2, 3, 4, 5});
  EXPECT_EQ(movedim(x, 1, -1).shape(), (Shape{2, 4, 5, 3}));
  EXPECT_EQ(movedim(x, {3, 0}, {0, 2}).shape(), (Shape{5, 3, 2, 4}));
  EXPECT_TRUE(movedim(x, 0, 2).shares_storage(x));
  EXPECT_EQ(movedim(scalar(1.0F), 0, -1).shape(), (Shape{}));
  EXPECT_EQ(message_of<ValueError>([&] {
              movedim(x, {0, -4}, {1, 2});
            }),
            "[movedim] axes [0, -4] cannot become axes [1, 2] of f32[2, 3, 4, 5]");
  EXPECT_THROW(movedim(x, {0, 1}, {2, 2}), ValueError);
  EXPECT_THROW(movedim(x, Dims{0}, {1, 2}), ValueError);
  EXPECT_THROW(movedim(x, 4, 0), IndexError);
}

}  // namespace
}  // namespace strata
