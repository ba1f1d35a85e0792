#include "strata/ops/quantiles.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;
using Values = std::vector<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Quantiles, OfOddEvenAndBrokenRows) {
  EXPECT_EQ(median(tensor<float>({4, 1, 3, 2})).item<float>(), 2) << "the lower one";
  const Extremes e = median(tensor<float>({5, NAN, 3, NAN}), 0);
  EXPECT_TRUE(std::isnan(e.values.item<float>()));
  EXPECT_EQ(e.indices.item<int64_t>(), 1);
  EXPECT_EQ(quantile(tensor<float>({4, 1, 3, 2}), 0.5).item<float>(), 2.5);
  EXPECT_TRUE(std::isnan(quantile(tensor<float>({4, NAN, 3}), 0).item<float>()));
  EXPECT_EQ(message<ValueError>([] { quantile(ones({2}), 1.5); }),
            "[quantile] q must be in [0, 1], got 1.5");
  EXPECT_THROW(median(zeros({0})), IndexError);
}

TEST(Quantile, InfiniteEnds) {
  const float inf = std::numeric_limits<float>::infinity();
  const auto of = [](std::initializer_list<float> values, double q) {
    return quantile(tensor<float>(values, {static_cast<int64_t>(values.size())}), q).item<float>();
  };
  EXPECT_EQ(of({-inf, 1, 2, 2}, 0.25), -inf);
  EXPECT_EQ(of({-inf, -inf, 2}, 0.25), -inf);
  EXPECT_EQ(of({1, inf}, 0.5), inf);
  EXPECT_EQ(of({1, inf}, 0), 1);
  EXPECT_EQ(of({inf, inf}, 0.5), inf);
  const Tensor wide = cast(tensor<float>({-60000, 60000}, {2}), DType::f16);
  EXPECT_EQ(cast(quantile(wide, 0.5), DType::f32).item<float>(), 0);
}

TEST(Quantile, SharesItsGradientAmongBothNeighbours) {
  const double inf = std::numeric_limits<double>::infinity();
  const auto of = [](const std::vector<double>& values, double q) {
    Tensor x = tensor(values, {static_cast<int64_t>(values.size())}).set_requires_grad();
    backward(quantile(x, q));
    return x.grad().to_vector<double>();
  };
  using Values = std::vector<double>;
  // PyTorch's.
  EXPECT_EQ(of({1, 1, 1, 1}, 0.5), (Values{0, 0.5, 0.5, 0}));
  EXPECT_EQ(of({3, 1, 2, 1}, 0.25), (Values{0, 0.25, 0, 0.75}));
  EXPECT_EQ(of({2, 2, 2}, 0.25), (Values{0.5, 0.5, 0}));
  EXPECT_EQ(of({-inf, 1, 2}, 0.75), (Values{0, 0.5, 0.5}));
  EXPECT_EQ(of({1, 2, inf}, 0.75), (Values{0, 0.5, 0.5}));
  EXPECT_EQ(of({1, NAN, 2}, 0.25), (Values{0, 1, 0}));
  // An infinite lower one is the result alone.
  EXPECT_EQ(of({-inf, 1, 2}, 0.25), (Values{1, 0, 0}));
  EXPECT_EQ(of({inf, inf}, 0.25), (Values{1, 0}));
}

TEST(Median, OfAllIsSharedByItsEquals) {
  const auto gradient = [](const Values& values) {
    Tensor x = tensor(values).set_requires_grad();
    backward(median(x));
    return x.grad().to_vector<double>();
  };
  // PyTorch's.
  EXPECT_EQ(gradient({1, 2, 2}), (Values{0, 0.5, 0.5}));
  EXPECT_EQ(gradient({3, kNan, 1, kNan}), (Values{0, 0.5, 0, 0.5}));
  EXPECT_EQ(gradient({-3, 3, 1}), (Values{0, 0, 1}));
  Tensor x = tensor<double>({2, 1, 2}).set_requires_grad();
  backward(median(x, 0).values);
  EXPECT_EQ(x.grad().to_vector<double>(), (Values{1, 0, 0}));
}

TEST(Quantile, OfSeveralSharesIsTheFirstAxis) {
  const Tensor x = reshape(arange(12, DType::f64), {3, 4}), q = tensor({0.0, 0.5, 0.9});
  const Tensor rows = quantile(x, q, 1);
  EXPECT_EQ(rows.shape(), (Shape{3, 3}));
  EXPECT_EQ(select(rows, 0, 1).to_vector<double>(), (Values{1.5, 5.5, 9.5}));
  EXPECT_EQ(quantile(x, q, 0, true).shape(), (Shape{3, 1, 4}));
  EXPECT_EQ(quantile(x, q, -1, true).shape(), (Shape{3, 3, 1}));
  EXPECT_EQ(quantile(x, q).to_vector<double>(), (Values{0, 5.5, 9.9}));
  EXPECT_EQ(quantile(x, tensor({0.5}), 1).shape(), (Shape{1, 3}));
  EXPECT_EQ(quantile(x, scalar(0.5), 1).shape(), (Shape{3}));
  EXPECT_EQ(quantile(x, empty({0}, DType::f64), 1).shape(), (Shape{0, 3}));
  EXPECT_EQ(quantile(scalar(3.0), q, 0, true).to_vector<double>(), (Values{3, 3, 3}));
  EXPECT_EQ(describe(quantile(empty({5, 4}, DType::bf16, kMeta), 0.5, 0)), "bf16[4]");
  EXPECT_EQ(describe(quantile(empty({5, 4}, DType::f32, kMeta), empty({2}, DType::f32, kMeta), 0)),
            "f32[2, 4]");
}

TEST(Quantile, BetweenTwoElements) {
  const Tensor x = tensor<float>({4, 1, 3, 2});
  const auto of = [&](double q, Interpolation i) { return quantile(x, q, i).item<float>(); };
  EXPECT_FLOAT_EQ(of(0.4, Interpolation::linear), 2.2F);
  EXPECT_EQ(of(0.4, Interpolation::lower), 2);
  EXPECT_EQ(of(0.4, Interpolation::higher), 3);
  EXPECT_EQ(of(0.4, Interpolation::midpoint), 2.5F);
  EXPECT_EQ(of(0.4, Interpolation::nearest), 2);
  EXPECT_EQ(of(0.5, Interpolation::nearest), 3) << "the even one of places 1 and 2";
  for (const auto i : {Interpolation::lower, Interpolation::higher, Interpolation::midpoint}) {
    EXPECT_EQ(of(1, i), 4);
    EXPECT_EQ(of(0, i), 1);
  }
  // In f32 25 * 0.28 is 7, in f64 it is more.
  EXPECT_EQ(quantile(arange(26, DType::f32), 0.28, Interpolation::higher).item<float>(), 7);
  EXPECT_EQ(quantile(arange(26, DType::f64), 0.28, Interpolation::higher).item<double>(), 8);
}

TEST(Quantile, NanIsLeftOutOrTheResult) {
  const Tensor x = tensor<double>({1, kNan, 3, kNan, kNan, kNan, 1, 2, 4}, {3, 3});
  const Values all = quantile(x, 0.5, 1).to_vector<double>();
  EXPECT_TRUE(std::isnan(all[0]) && std::isnan(all[1]));
  EXPECT_EQ(all[2], 2);
  Tensor leaf = copy(x).set_requires_grad();
  const Tensor y = nanquantile(leaf, tensor({0.5, 1.0}), 1);
  const Values some = y.to_vector<double>();
  EXPECT_EQ(some[0], 2);
  EXPECT_TRUE(std::isnan(some[1]));
  EXPECT_EQ((Values{some[2], some[3], some[5]}), (Values{2, 3, 4}));
  backward(sum(y));
  // PyTorch's: the first of nothing but NaN.
  EXPECT_EQ(leaf.grad().to_vector<double>(), (Values{0.5, 0, 1.5, 2, 0, 0, 0, 1, 1}));
  EXPECT_EQ(nanquantile(x, 0.25).item<double>(), 1);
  EXPECT_EQ(nanquantile(x, 0.6, 0, true, Interpolation::nearest).shape(), (Shape{1, 3}));
}

TEST(Quantile, PassesAGradientToTheShares) {
  Tensor q = tensor({0.25, 0.5}).set_requires_grad();
  const Tensor x = tensor<double>({1, 5, 2, 9});
  backward(sum(quantile(x, q)));
  EXPECT_EQ(q.grad().to_vector<double>(), (Values{3, 9}));
  q.set_grad({});
  // PyTorch's: no place among nothing but NaN.
  backward(sum(nanquantile(full({2}, kNan, DType::f64), q)));
  EXPECT_EQ(q.grad().to_vector<double>(), (Values{0, 0}));
}

TEST(Quantile, RefusesOtherShares) {
  const Tensor x = ones({2, 3});
  EXPECT_EQ(message<ValueError>([&] {
              quantile(x, tensor({0.5, -1.0}), 0);
            }),
            "[quantile] q must be in [0, 1], got -1");
  EXPECT_EQ(message<ValueError>([&] { nanquantile(x, kNan); }),
            "[nanquantile] q must be in [0, 1], got nan");
  EXPECT_EQ(message<DTypeError>([&] {
              quantile(x, tensor<int64_t>({0, 1}), 0);
            }),
            "[quantile] q must be floating, got i64[2]");
  EXPECT_EQ(message<ShapeError>([&] {
              quantile(x, zeros({1, 1}), 0);
            }),
            "[quantile] q must have one axis at most, got f32[1, 1]");
  EXPECT_THROW(quantile(x, empty({1}, DType::f32, kMeta), 0), DeviceError);
  EXPECT_THROW(quantile(ones({2}, DType::i64), 0.5), DTypeError);
  EXPECT_THROW(nanquantile(zeros({2, 0}), 0.5, 1), IndexError);
  EXPECT_THROW(quantile(x, 0.5, 2), IndexError);
}

}  // namespace
}  // namespace strata
