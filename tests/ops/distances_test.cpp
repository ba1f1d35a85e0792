#include "strata/ops/distances.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/autograd/gradcheck.h"
#include "strata/base/error.h"
#include "strata/device/cpu_allocator.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/index_put.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "tests/support/difference.h"
#include "tests/support/instruction_sets.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using Values = std::vector<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Sizes about those of a vector, of kRows and of panels, against norms of all differences.
TEST(Cdist, EqualsTheNormsOfDifferences) {
  testing::on_each_instruction_set([] {
    for (const double p : {0.0, 0.5, 1.0, 2.0, 2.5, kInfinity}) {
      for (const Shape& sizes : {Shape{1, 1, 1}, {3, 5, 2}, {4, 33, 7}, {9, 64, 17}, {5, 31, 40}}) {
        const Tensor a = randn({2, sizes[0], sizes[2]}, 0, 1, DType::f64);
        const Tensor b = randn({2, sizes[1], sizes[2]}, 0, 1, DType::f64);
        const Tensor all = norm(unsqueeze(a, 2) - unsqueeze(b, 1), p, {-1});
        const std::string what = to_string(sizes) + " p " + std::to_string(p);
        EXPECT_LE(testing::largest_difference(cdist(a, b, p), all),
                  1e-12 * (1 + norm(all).item<double>()))
            << what;
        const Tensor single = cdist(cast(a, DType::f32), cast(b, DType::f32), p);
        EXPECT_LE(testing::largest_difference(single, all),
                  1e-5 * norm(all, kInfinity).item<double>())
            << what;
      }
    }
  });
}

TEST(Cdist, GradientsInBothPrecisions) {
  testing::on_each_instruction_set([] {
    for (const double p : {1.0, 2.0, 3.0, kInfinity}) {
      std::vector<Tensor> in{randn({2, 6, 11}, 0, 1, DType::f64), randn({7, 11}, 0, 1, DType::f64)};
      const Tensor weights = randn({2, 6, 7}, 0, 1, DType::f64);
      for (Tensor& x : in) x.set_requires_grad();
      backward(sum(cdist(in[0], in[1], p) * weights));
      std::vector<Tensor> single{cast(in[0].detach(), DType::f32),
                                 cast(in[1].detach(), DType::f32)};
      for (Tensor& x : single) x.set_requires_grad();
      backward(sum(cdist(single[0], single[1], p) * cast(weights, DType::f32)));
      for (size_t i = 0; i < 2; ++i)
        EXPECT_LE(testing::largest_difference(in[i].grad(), single[i].grad()), 1e-4);
      const auto f = [p](std::span<const Tensor> xs) {
        return std::vector{cdist(xs[0], xs[1], p)};
      };
      EXPECT_LE(gradcheck(f, in).error, 1e-6) << p;
      EXPECT_LE(gradcheck(f, in, 2).error, 1e-6) << p;
    }
  });
}

TEST(Cdist, GradientsAreTheSameWhenRecorded) {
  std::vector<Tensor> in{randn({5, 3}, 0, 1, DType::f64), randn({7, 3}, 0, 1, DType::f64)};
  for (Tensor& x : in) x.set_requires_grad();
  for (const double p : {0.0, 1.0, 2.0, 3.0, kInfinity}) {
    const std::vector<Tensor> y{sum(cdist(in[0], in[1], p))}, again{sum(cdist(in[0], in[1], p))};
    const auto plain = grad(y, in), recorded = grad(again, in, {}, {.create_graph = true});
    for (size_t i = 0; i < 2; ++i)
      EXPECT_LE(testing::largest_difference(plain[i], recorded[i]), 1e-12) << p;
  }
}

TEST(Cdist, NearRowsFarFromZero) {
  // A product of such rows would lose all of the distance.
  const Tensor a = full({60, 8}, 1000), b = full({60, 8}, 1000.0009765625);
  EXPECT_EQ(testing::largest_value(cdist(a, a)), 0);
  EXPECT_NEAR(cdist(a, b).to_vector<double>()[0], 0.0009765625 * std::sqrt(8), 1e-9);
}

TEST(Cdist, ZeroDistancesHaveNoGradient) {
  for (const double p : {0.0, 0.5, 1.0, 1.5, 2.0, 3.0, kInfinity}) {
    Tensor x = tensor<double>({1, 2, 1, 2}, {2, 2});
    x.set_requires_grad();
    backward(sum(cdist(x, slice(x.detach(), 0, 0, 1), p)));
    EXPECT_EQ(x.grad().to_vector<double>(), Values(4, 0)) << p;
  }
}

TEST(Cdist, EmptyOnesAndErrors) {
  EXPECT_EQ(cdist(zeros({0, 3}), zeros({4, 3})).shape(), (Shape{0, 4}));
  EXPECT_EQ(cdist(zeros({2, 0}), zeros({3, 0})).to_vector<double>(), Values(6, 0));
  EXPECT_EQ(cdist(zeros({5, 2, 4}), zeros({0, 1, 3, 4}), 1).shape(), (Shape{0, 5, 2, 3}));
  Tensor nothing = zeros({2, 0});
  nothing.set_requires_grad();
  backward(sum(cdist(nothing, zeros({3, 0}))));
  EXPECT_EQ(nothing.grad().shape(), (Shape{2, 0}));
  EXPECT_EQ(cdist(zeros({2, 3}, DType::bf16), zeros({2, 3}, DType::bf16)).dtype(), DType::bf16);
  EXPECT_EQ(describe(cdist(empty({7, 3}, DType::f64, kMeta), empty({2, 3}, DType::f64, kMeta))),
            "f64[7, 2]");
  EXPECT_EQ(testing::message<ShapeError>([] {
              cdist(zeros({2, 3}), zeros({2, 4}));
            }),
            "[cdist] takes rows of one size, got f32[2, 3] and f32[2, 4]");
  EXPECT_THROW(cdist(zeros({3}), zeros({2, 3})), ShapeError);
  EXPECT_THROW(cdist(zeros({2, 3}), zeros({2, 3}), -1), ValueError);
  EXPECT_THROW(cdist(zeros({2, 3}, DType::i64), zeros({2, 3})), DTypeError);
  EXPECT_TRUE(std::isnan(cdist(full({1, 2}, NAN), zeros({1, 2}), kInfinity).item<float>()));
}

TEST(Pdist, PairsInOrder) {
  const Tensor x = tensor<float>({0, 0, 3, 4, 0, 1}, {3, 2});
  EXPECT_EQ(pdist(x).to_vector<double>(), (Values{5, 1, std::sqrt(18.0F)}));
  EXPECT_EQ(pdist(x, 1).to_vector<double>(), (Values{7, 1, 6}));
  EXPECT_EQ(pdist(zeros({1, 2})).shape(), (Shape{0}));
}

/// Sizes about those of a vector, of kRows and of panels.
TEST(Pdist, HasCdistsValuesAndGradients) {
  testing::on_each_instruction_set([] {
    for (const double p : {0.0, 0.5, 1.0, 2.0, 2.5, kInfinity}) {
      for (const Shape& sizes :
           {Shape{2, 3}, {3, 1}, {5, 17}, {16, 2}, {17, 8}, {34, 5}, {71, 9}}) {
        const std::string what = to_string(sizes) + " p " + std::to_string(p);
        const Tensor all = randn(sizes, 0, 1, DType::f64);
        const Tensor places = triu_indices(sizes[0], sizes[0], 1);
        for (const DType dtype : {DType::f64, DType::f32}) {
          Tensor a = copy(cast(all, dtype)), b = copy(a);
          a.set_requires_grad(), b.set_requires_grad();
          const Tensor y = pdist(a, p);
          const Tensor square = index(cdist(b, b, p), {select(places, 0, 0), select(places, 0, 1)});
          EXPECT_EQ(y.to_vector<double>(), square.to_vector<double>()) << what;
          const Tensor weights = randn(y.shape(), 0, 1, dtype);
          backward(sum(y * weights)), backward(sum(square * weights));
          EXPECT_LE(testing::largest_difference(a.grad(), b.grad()),
                    (dtype == DType::f64 ? 1e-12 : 1e-4) * (1 + testing::largest_value(b.grad())))
              << what;
        }
      }
    }
  });
}

TEST(Pdist, GradientsOfFirstAndSecondOrder) {
  for (const double p : {0.0, 1.0, 1.5, 2.0, 3.0, kInfinity}) {
    std::vector<Tensor> in{randn({5, 3}, 0, 1, DType::f64)};
    in[0].set_requires_grad();
    const auto f = [p](std::span<const Tensor> xs) { return std::vector{pdist(xs[0], p)}; };
    EXPECT_LE(gradcheck(f, in).error, 1e-6) << p;
    EXPECT_LE(gradcheck(f, in, 2).error, 1e-6) << p;
    const Tensor plain = grad(sum(pdist(in[0], p)), in[0]);
    const Tensor recorded = grad(sum(pdist(in[0], p)), in[0], {}, {.create_graph = true});
    EXPECT_LE(testing::largest_difference(plain, recorded), 1e-12) << p;
  }
}

TEST(Pdist, ZeroDistancesAndNan) {
  const auto gradient = [](const Tensor& values, double p, bool recorded) {
    Tensor x = copy(values).set_requires_grad();
    Values g =
        grad(sum(pdist(x, p)), x, {}, {.create_graph = recorded}).detach().to_vector<double>();
    for (double& v : g) v = std::isnan(v) ? -100 : v;  // comparable
    return g;
  };
  const Tensor twice = tensor<double>({1, 2, 1, 2}, {2, 2});
  const Tensor broken = tensor<double>({1, 2, 3, 0, NAN, 1, 2, 2, 2}, {3, 3});
  const Tensor infinite = tensor<double>({1, 2, 3, 0, INFINITY, 1, 2, 2, 2}, {3, 3});
  for (const bool recorded : {false, true}) {
    for (const double p : {0.0, 0.5, 1.0, 1.5, 2.0, 3.0, kInfinity}) {
      EXPECT_EQ(gradient(twice, p, recorded), Values(4, 0)) << p;
    }
    // PyTorch's.
    EXPECT_EQ(gradient(broken, 0, recorded), Values(9, 0));
    EXPECT_EQ(gradient(broken, 1, recorded), (Values{0, -100, 2, -2, -100, -2, 2, -100, 0}));
    for (const double p : {0.5, 1.5, 2.0, 3.0, kInfinity}) {
      EXPECT_EQ(gradient(broken, p, recorded), Values(9, -100)) << p;
    }
    EXPECT_EQ(gradient(infinite, 1, recorded), (Values{0, -1, 2, -2, 2, -2, 2, -1, 0}));
  }
}

TEST(Pdist, HoldsTheTriangleAlone) {
  const Tensor x = randn({3000, 2});
  const int64_t before = cpu_memory_stats().in_use, pairs = 3000 * 2999 / 2;
  reset_cpu_memory_peak();
  pdist(x);
  EXPECT_LT(cpu_memory_stats().peak - before, pairs * 4 * 3 / 2);
}

TEST(Pdist, EmptyOnesAndErrors) {
  Tensor one = zeros({1, 2}).set_requires_grad();
  backward(sum(pdist(one)));
  EXPECT_EQ(one.grad().to_vector<double>(), Values(2, 0));
  EXPECT_EQ(pdist(zeros({0, 3})).shape(), (Shape{0}));
  EXPECT_EQ(pdist(zeros({3, 0})).to_vector<double>(), Values(3, 0));
  EXPECT_EQ(pdist(zeros({3, 2}, DType::bf16)).dtype(), DType::bf16);
  const Tensor columns = tensor<float>({0, 3, 0, 0, 4, 1}, {2, 3});
  EXPECT_EQ(pdist(transpose(columns, 0, 1)).to_vector<double>()[0], 5);
  EXPECT_EQ(describe(pdist(empty({1000, 3}, DType::f64, kMeta))), "f64[499500]");
  EXPECT_EQ(testing::message<ShapeError>([] { pdist(zeros({2})); }),
            "[pdist] x must be [n, width], got f32[2]");
  EXPECT_THROW(pdist(empty({int64_t{1} << 40, 0}, DType::f32, kMeta)), ShapeError);
  EXPECT_THROW(pdist(zeros({2, 3}), -1), ValueError);
  EXPECT_THROW(pdist(zeros({2, 3}, DType::i64)), DTypeError);
}

TEST(Normalize, ShortOnesStayShort) {
  const Tensor x = tensor<float>({3, 4, 0, 0, 1e-20F, 0}, {3, 2});
  EXPECT_EQ(normalize(slice(x, 0, 0, 2)).to_vector<double>(),
            (Values{3.0F / 5.0F, 4.0F / 5.0F, 0, 0}));
  EXPECT_NEAR(normalize(x).to_vector<double>()[4], 1e-8, 1e-12);
  EXPECT_EQ(normalize(full({2}, 300, DType::f16)).to_vector<float>()[0],
            cast(full({1}, std::sqrt(0.5)), DType::f16).item<float>());
  EXPECT_THROW(normalize(zeros({2}, DType::i64)), DTypeError);
  EXPECT_THROW(normalize(zeros({2}), 2, 1), IndexError);
}

}  // namespace
}  // namespace strata
