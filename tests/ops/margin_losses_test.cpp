#include "strata/ops/margin_losses.h"

#include <cmath>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

TEST(Losses, StayFiniteFarOff) {
  Tensor x = tensor<float>({INFINITY, -INFINITY, 0}).set_requires_grad();
  backward(huber_loss(x, zeros({3}), 2, Reduction::sum));
  EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>{2, -2, 0}));
  EXPECT_EQ(bce_loss(tensor<float>({0, 1}), tensor<float>({1, 0})).item<float>(), 100);
}

TEST(Losses, SayWhatTheyDoNotTake) {
  const Tensor x = ones({2, 3});
  EXPECT_EQ(message<ValueError>([&] { huber_loss(x, x, 0); }),
            "[huber_loss] delta must be positive, got 0");
  EXPECT_EQ(message<ValueError>([&] { smooth_l1_loss(x, x, -1); }),
            "[smooth_l1_loss] beta must not be negative, got -1");
  EXPECT_EQ(message<ValueError>([&] { bce_loss(full({2}, 1.5), ones({2})); }),
            "[bce_loss] the values of x f32[2] must be in [0, 1], one is 1.5");
  EXPECT_EQ(message<ShapeError>([&] { bce_loss(x, ones({3})); }),
            "[bce_loss] target f32[3] does not have the shape of x f32[2, 3]");
  EXPECT_EQ(message<ValueError>([&] {
              gaussian_nll_loss(x, x, full({2, 3}, -1));
            }),
            "[gaussian_nll_loss] the values of variance f32[2, 3] must be in [0, inf], one is -1");
  EXPECT_EQ(message<ShapeError>([&] { gaussian_nll_loss(x, x, ones({3})); }),
            "[gaussian_nll_loss] variance f32[3] does not fit x f32[2, 3]");
  EXPECT_EQ(message<ValueError>([&] { multi_margin_loss(x, zeros({2}, DType::i64), {.p = 3}); }),
            "[multi_margin_loss] p must be 1 or 2, got 3");
  EXPECT_EQ(message<ShapeError>([&] { multi_margin_loss(x, zeros({3}, DType::i64)); }),
            "[multi_margin_loss] target i64[3] does not fit x f32[2, 3]");
}

TEST(MarginLosses, RefuseRanksThatDiffer) {
  const Tensor x = ones({4, 3}), row = ones({3}), column = ones({4, 1});
  EXPECT_EQ(message<ShapeError>([&] { margin_ranking_loss(x, x, row); }),
            "[margin_ranking_loss] takes three tensors of one rank, got f32[4, 3], f32[4, 3] and "
            "f32[3]");
  EXPECT_THROW(margin_ranking_loss(x, row, x), ShapeError);
  EXPECT_EQ(margin_ranking_loss(x, column, x, 0, Reduction::none).shape(), x.shape());
  EXPECT_EQ(message<ShapeError>([&] { triplet_margin_loss(x, row, x); }),
            "[triplet_margin_loss] takes three tensors of one rank, got f32[4, 3], f32[3] and "
            "f32[4, 3]");
  const auto away = [](const Tensor& a, const Tensor& b) { return sum(abs(a - b), {-1}); };
  EXPECT_THROW(triplet_margin_with_distance_loss(x, x, row, away), ShapeError);
  EXPECT_EQ(message<ShapeError>([&] { cosine_embedding_loss(x, x, ones({})); }),
            "[cosine_embedding_loss] takes rows [n, width] with a sign [n], or vectors with a "
            "scalar one, got f32[4, 3], f32[4, 3] and f32[]");
  EXPECT_THROW(cosine_embedding_loss(x, row, ones({4})), ShapeError);
  EXPECT_THROW(cosine_embedding_loss(row, row, ones({1})), ShapeError);
  EXPECT_THROW(cosine_embedding_loss(ones({2, 4, 3}), ones({2, 4, 3}), ones({2, 4})), ShapeError);
  EXPECT_THROW(cosine_embedding_loss(x, x, ones({3})), ShapeError);
  EXPECT_EQ(cosine_embedding_loss(row, row, ones({})).item<float>(), 0);
  EXPECT_EQ(cosine_embedding_loss(x, ones({1, 3}), ones({4}), 0, Reduction::none).shape(),
            (Shape{4}));
}

TEST(MarginLosses, RefuseMarginsWeightsAndDistances) {
  const Tensor x = ones({2, 3}), target = zeros({2}, DType::i64);
  EXPECT_EQ(message<ValueError>([&] { triplet_margin_loss(x, x, x, {.margin = 0}); }),
            "[triplet_margin_loss] the margin must be above 0, got 0");
  EXPECT_EQ(message<ValueError>([&] { triplet_margin_with_distance_loss(x, x, x, {}); }),
            "[triplet_margin_with_distance_loss] the distance is an empty function");
  EXPECT_EQ(message<ShapeError>([&] { multi_margin_loss(x, target, {.weight = ones({1})}); }),
            "[multi_margin_loss] weight f32[1] does not fit x f32[2, 3]");
  EXPECT_EQ(message<ShapeError>([&] {
              multi_margin_loss(ones({2, 0}), target);
            }),
            "[multi_margin_loss] x f32[2, 0] has no classes");
}

TEST(MarginLosses, SoftMarginStaysFinite) {
  Tensor x = tensor<float>({-1000, 1000, NAN}).set_requires_grad();
  const Tensor y = soft_margin_loss(x, ones({3}), Reduction::none);
  EXPECT_EQ(y.to_vector<float>()[0], 1000);
  EXPECT_EQ(y.to_vector<float>()[1], 0);
  EXPECT_TRUE(std::isnan(y.to_vector<float>()[2]));
  backward(sum(y));
  EXPECT_EQ(x.grad().to_vector<float>()[0], -1);
  EXPECT_EQ(soft_margin_loss(ones({2, 1}), ones({3}), Reduction::none).shape(), (Shape{2, 3}));
}

TEST(MarginLosses, SeveralLabelsARow) {
  const Tensor x = tensor<float>({1, 2, 4}, {1, 3});
  const auto loss = [&](std::vector<int64_t> target) {
    return multilabel_margin_loss(x, tensor(target, {1, 3})).item<float>();
  };
  // Printed by PyTorch.
  EXPECT_FLOAT_EQ(loss({0, 1, -1}), 2.3333333f);
  EXPECT_FLOAT_EQ(loss({0, 0, 1}), 3.6666667f) << "a class twice counts twice";
  EXPECT_EQ(loss({-1, 2, 0}), 0);
  EXPECT_EQ(loss({0, 1, 2}), 0);
  EXPECT_EQ(
      multilabel_margin_loss(ones({0, 3}), zeros({0, 3}, DType::i64), Reduction::none).shape(),
      (Shape{0}));
  EXPECT_EQ(message<IndexError>([&] {
              loss({-1, 3, 0});
            }),
            "[multilabel_margin_loss] target 3 is neither -1 nor in [0, 3)");
  EXPECT_EQ(message<IndexError>([&] {
              loss({0, -1, -2});
            }),
            "[multilabel_margin_loss] target -2 is neither -1 nor in [0, 3)");
  EXPECT_EQ(message<ShapeError>([&] { multilabel_margin_loss(x, zeros({3}, DType::i64)); }),
            "[multilabel_margin_loss] takes x and target [classes] or [n, classes], got f32[1, 3] "
            "and i64[3]");
  EXPECT_THROW(multilabel_margin_loss(ones({2, 0}), zeros({2, 0}, DType::i64)), ShapeError);
  EXPECT_THROW(multilabel_margin_loss(x, ones({1, 3})), DTypeError);
  EXPECT_THROW(multilabel_soft_margin_loss(ones({}), ones({})), ShapeError);
  EXPECT_THROW(multilabel_soft_margin_loss(zeros({2}, DType::i64), ones({2})), DTypeError);
}

TEST(GaussianNll, TakesAVarianceOfOneAxisLess) {
  const Tensor x = ones({2, 4, 3});
  EXPECT_EQ(gaussian_nll_loss(x, x, ones({2, 1, 3}), {.reduction = Reduction::none}).shape(),
            x.shape());
  for (const Shape& shape : {Shape{1, 1, 3}, Shape{2, 2, 3}, Shape{4, 3}}) {
    EXPECT_THROW(gaussian_nll_loss(x, x, ones(shape)), ShapeError);
  }
}

}  // namespace
}  // namespace strata
