// Gradients of draws, and what they must not depend on.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/distributions/bernoulli.h"
#include "strata/distributions/categorical.h"
#include "strata/distributions/dirichlet.h"
#include "strata/distributions/exponential.h"
#include "strata/distributions/gamma.h"
#include "strata/distributions/geometric.h"
#include "strata/distributions/gumbel.h"
#include "strata/distributions/independent.h"
#include "strata/distributions/laplace.h"
#include "strata/distributions/mixture.h"
#include "strata/distributions/multivariate_normal.h"
#include "strata/distributions/normal.h"
#include "strata/distributions/poisson.h"
#include "strata/distributions/relaxed_categorical.h"
#include "strata/distributions/student_t.h"
#include "strata/distributions/transformed.h"
#include "strata/distributions/uniform.h"
#include "strata/kernels/variates.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata::distributions {
namespace {

/// The draws for parameters of f64, and d sum(draws) / d parameter of both.
struct Moved {
  Tensor draws;
  std::vector<double> first, second;
};

template <class Make>
Moved moved(Make make, double first, double second) {
  Tensor a = full({500}, first, DType::f64).set_requires_grad();
  Tensor b = full({500}, second, DType::f64).set_requires_grad();
  Generator generator(1);
  const Tensor x = make(a, b).rsample({}, generator);
  backward(sum(x));
  return {x.detach(), a.grad().to_vector<double>(),
          b.grad().defined() ? b.grad().to_vector<double>() : std::vector<double>()};
}

void expect_slopes(const std::vector<double>& got, const Tensor& wanted) {
  const auto slopes = expand(wanted, {500}).to_vector<double>();
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], slopes[i], 1e-11 * std::max(1.0, std::abs(slopes[i]))) << i;
  }
}

TEST(GradientsOfDraws, OfALocationAndAScale) {
  const auto check = [](const Moved& m) {
    expect_slopes(m.first, scalar(1.0));
    expect_slopes(m.second, (m.draws - 0.5) / 2);
  };
  check(moved([](const Tensor& a, const Tensor& b) { return Normal(a, b); }, 0.5, 2));
  check(moved([](const Tensor& a, const Tensor& b) { return Laplace(a, b); }, 0.5, 2));
  check(moved([](const Tensor& a, const Tensor& b) { return Gumbel(a, b); }, 0.5, 2));
  check(moved([](const Tensor& a, const Tensor& b) { return StudentT(3, a, b); }, 0.5, 2));
}

TEST(GradientsOfDraws, OfOthers) {
  const Moved uniform =
      moved([](const Tensor& a, const Tensor& b) { return Uniform(a, b); }, -1, 3);
  expect_slopes(uniform.second, (uniform.draws + 1) / 4);
  expect_slopes(uniform.first, (3 - uniform.draws) / 4);
  const Moved exponential =
      moved([](const Tensor& a, const Tensor&) { return Exponential(a); }, 2, 1);
  expect_slopes(exponential.first, -exponential.draws / 2);
  const Moved normal =
      moved([](const Tensor& a, const Tensor& b) { return LogNormal(a, b); }, 1, 2);
  expect_slopes(normal.first, normal.draws);
  const Moved gamma = moved([](const Tensor& a, const Tensor& b) { return Gamma(a, b); }, 2, 5);
  expect_slopes(gamma.second, -gamma.draws / 5);
  const Moved tanh_normal =
      moved([](const Tensor& a, const Tensor& b) { return TanhNormal(Normal(a, b)); }, 0.2, 0.5);
  expect_slopes(tanh_normal.first, 1 - square(tanh_normal.draws));
}

/// Concentration, draw, and how it moves: -(dP / da) / p of the distribution function P and the
/// density p, by mpmath with 40 digits.
const std::vector<std::array<double, 3>> kGammaSlopes = {
    {0.0001, 1e-16, 3.62643103043904e-11},
    {0.0001, 3e-05, 2.9512761240721894},
    {0.0001, 1.0, 5964.349721336644},
    {0.01, 1e-05, 0.010952158246714486},
    {0.01, 1.0, 60.50556226066109},
    {0.1, 0.03, 0.9580295412847707},
    {0.1, 1.0, 6.790083413327753},
    {0.5, 5e-13, 2.8360658270476746e-11},
    {0.5, 1.5, 2.2395302530842023},
    {0.9, 0.0009, 0.007373041195993284},
    {0.9, 1.0, 1.2577853906515641},
    {1.0, 1.9, 1.5948460907428124},
    {1.0, 5.0, 2.3570757536203653},
    {1.0, 1e-06, 1.4238302262212699e-05},
    {1.5, 2.60227038425243, 1.4521871600818843},
    {1.5, 10.073214099741124, 2.4804068290308074},
    {2.0, 2.0, 1.0862085766363285},
    {2.0, 11.899494936611665, 2.316886344517273},
    {3.0, 3.0, 1.0570269656882845},
    {5.5, 3.154792120088285, 0.7703609894893656},
    {10.0, 3.6754446796632414, 0.5910836481588437},
    {10.0, 40.0, 1.877781474720449},
    {30.0, 0.3, 0.046672120000418246},
    {100.0, 109.0, 1.0454485399693503},
    {1000.0, 873.5088935932648, 0.9340607086406479},
    {1000.0, 1028.4604989415154, 1.0142661672400863},
    {9000.0, 8620.526680779794, 0.9786335651409722},
    {9000.0, 9085.381496824546, 1.004747093474543},
    {9000.0, 9189.736659610102, 1.0104863348312867},
    {9999.0, 10088.995499887495, 1.0045035273437892},
    {20000.0, 19717.15728752538, 0.9929036352466246},
    {20000.0, 20989.949493661166, 1.0243587548150628},
    {100000.0, 100632.45553203368, 1.0031573039212038},
    {1000000.0, 1007000.0, 1.0034920290455633},
};

TEST(GradientsOfDraws, GammaKeepsItsQuantile) {
  for (const auto& [a, z, slope] : kGammaSlopes) {
    const double tolerance = a > 1e4 ? 1e-7 : 1e-12;
    Tensor got = empty({1}, DType::f64);
    kernels::gamma_slopes(Cpu{}, kernels::GammaForm::value, tensor({a}), tensor({z}), got);
    EXPECT_NEAR(got.item<double>() / slope, 1, tolerance) << a << " " << z;
    kernels::gamma_slopes(Cpu{}, kernels::GammaForm::logarithm, tensor({a}), tensor({std::log(z)}),
                          got);
    EXPECT_NEAR(got.item<double>() * z / slope, 1, tolerance) << a << " " << z;
  }
}

/// d E[f(draws)] / d concentration by the draws' gradients, beside what is known.
TEST(GradientsOfDraws, OfAnExpectation) {
  constexpr int64_t kCount = 100000;
  for (const double c : {0.05, 0.7, 2.0, 40.0}) {
    Generator generator(21);
    Tensor a = full({}, c, DType::f64).set_requires_grad();
    Tensor b = full({}, 1.5, DType::f64).set_requires_grad();
    backward(mean(square(Gamma(a, 1).rsample({kCount}, generator))));  // of a (a + 1)
    EXPECT_NEAR(a.grad().item<double>() / (2 * c + 1), 1, 0.05) << c;
    a.set_grad({});
    backward(mean(Beta(a, b).rsample({kCount}, generator)));  // of a / (a + b)
    EXPECT_NEAR(a.grad().item<double>() / (1.5 / std::pow(c + 1.5, 2)), 1, 0.03) << c;
    EXPECT_NEAR(b.grad().item<double>() / (-c / std::pow(c + 1.5, 2)), 1, 0.03) << c;
  }
  Generator generator(22);
  Tensor df = full({}, 12, DType::f64).set_requires_grad();
  backward(mean(square(StudentT(df).rsample({kCount}, generator))));  // of df / (df - 2)
  EXPECT_NEAR(df.grad().item<double>(), -0.02, 0.001);
  Tensor c = tensor({0.5, 1.0, 2.5}).set_requires_grad();
  backward(mean(square(select(Dirichlet(c).rsample({kCount}, generator), -1, 0))));
  // E[x^2] = a (a + 1) / (s (s + 1)) of a = c[0] and the sum s.
  const double value = 0.5 * 1.5 / 20, by_sum = -value * (1 / 4.0 + 1 / 5.0);
  const auto got = c.grad().to_vector<double>();
  EXPECT_NEAR(got[0], value * (1 / 0.5 + 1 / 1.5) + by_sum, 0.002);
  EXPECT_NEAR(got[1], by_sum, 0.001);
  EXPECT_NEAR(got[2], by_sum, 0.001);
}

TEST(GradientsOfDraws, AreFiniteWhereDrawsUnderflow) {
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16, DType::f16}) {
    Generator generator(8);
    const auto check = [&](const char* name, double shape, auto make) {
      Tensor a = full({2000}, shape, dtype).set_requires_grad();
      Tensor b = full({2000}, 1, dtype).set_requires_grad();
      const Tensor x = make(a, b).rsample({}, generator);
      EXPECT_TRUE(all(isfinite(x)).item<bool>()) << name << name_of(dtype);
      EXPECT_TRUE(all(x != 0).item<bool>()) << name << name_of(dtype);
      backward(sum(x));
      EXPECT_TRUE(all(isfinite(a.grad())).item<bool>()) << name << name_of(dtype);
      EXPECT_TRUE(all(isfinite(b.grad())).item<bool>()) << name << name_of(dtype);
    };
    check("gamma ", 0.01, [](const Tensor& a, const Tensor& b) { return Gamma(a, b); });
    check("gamma ", 1e-5, [](const Tensor& a, const Tensor& b) { return Gamma(a, b); });
    // The slopes of the largest draws are no numbers of f16.
    check("student_t ", dtype == DType::f16 ? 1 : 0.02,
          [](const Tensor& a, const Tensor& b) { return StudentT(a, 0, b); });
  }
  const Tensor wild = StudentT(full({2000}, 0.02, DType::f16)).sample();
  EXPECT_TRUE(all(isfinite(wild)).item<bool>());
  Tensor slope = empty({1}, DType::f32);
  kernels::gamma_slopes(Cpu{}, kernels::GammaForm::value, tensor({0.01F}), zeros({1}), slope);
  EXPECT_EQ(slope.item<float>(), 0);
}

TEST(GradientsOfDraws, MultivariateNormal) {
  for (const Shape& batch : {Shape{}, Shape{2}}) {
    Tensor loc = zeros({2}, DType::f64).set_requires_grad();
    Tensor tril = copy(expand(eye(2, DType::f64), Shape{batch.empty() ? 1 : 2, 2, 2}));
    if (batch.empty()) tril = copy(select(tril, 0, 0));
    tril.set_requires_grad();
    Generator generator(1);
    const Tensor x = MultivariateNormal(loc, {.scale_tril = tril}).rsample({7}, generator);
    backward(sum(x));
    EXPECT_EQ(sum(loc.grad()).item<double>(), static_cast<double>(x.numel()));
    // L is the unit matrix and so x the noise: each row of dL is the sum of the draws.
    const Tensor rows = sum_to(x.detach(), tril.rank() == 2 ? Shape{2} : Shape{2, 2});
    const auto wanted = expand(unsqueeze(rows, -2), tril.shape()).to_vector<double>();
    const auto got = tril.grad().to_vector<double>();
    for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-12);
  }
}

TEST(GradientsOfDraws, StraightThrough) {
  Tensor logits = randn({5, 3}, 0, 1, DType::f64).set_requires_grad();
  const OneHotCategorical d({.logits = logits});
  const Tensor probs = OneHotCategorical({.logits = logits}).probs();
  Generator generator(4), same(4);
  const Tensor x = d.rsample({}, generator);
  EXPECT_EQ(x.to_vector<double>(), d.sample({}, same).to_vector<double>());
  const Tensor weights = tensor({1.0, -2.0, 3.0});
  backward(sum(x * weights));
  const auto got = logits.grad().to_vector<double>();
  logits.set_grad({});
  backward(sum(probs * weights));
  const auto wanted = logits.grad().to_vector<double>();
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-14);
}

TEST(GradientsOfDraws, SamplesHaveNoneAndAreTheSameDraws) {
  Tensor a = full({3}, 0.7, DType::f64).set_requires_grad();
  const auto check = [](const char* name, const auto& d) {
    Generator generator(5), same(5);
    const Tensor x = d.sample({4}, generator), y = d.rsample({4}, same);
    EXPECT_FALSE(x.requires_grad()) << name;
    EXPECT_TRUE(y.requires_grad()) << name;
    EXPECT_EQ(x.to_vector<double>(), y.template to_vector<double>()) << name;
    EXPECT_EQ(generator.stream, same.stream) << name;
  };
  check("normal", Normal(a, a));
  check("log_normal", LogNormal(a, a));
  check("uniform", Uniform(a, a + 1));
  check("laplace", Laplace(a, a));
  check("gumbel", Gumbel(a, a));
  check("exponential", Exponential(a));
  check("gamma", Gamma(a, a));
  check("beta", Beta(a, a));
  check("dirichlet", Dirichlet(a));
  check("student_t", StudentT(a, a, a));
  check("relaxed", RelaxedOneHotCategorical(1, {.probs = a}));
  check("independent", Independent(Normal(a, a), 1));
  check("transformed", Transformed(Normal(a, a), Affine{a, a}));
  EXPECT_FALSE(Bernoulli({.probs = a}).sample().requires_grad());
  EXPECT_FALSE(Poisson(a).sample().requires_grad());
  EXPECT_FALSE(Geometric({.probs = a}).sample().requires_grad());
}

TEST(GradientsOfDraws, ImplicitOnesHaveNoSecondOrder) {
  const Tensor a = full({3}, 0.7, DType::f64).set_requires_grad();
  const Tensor y = sum(square(Gamma(a, 1).rsample()));
  EXPECT_THROW(grad(std::vector{y}, std::vector{a}, {}, {.create_graph = true}), GradError);
}

TEST(GradientsOfDraws, TanhNormalScoresItsDraws) {
  Tensor loc = tensor({0.3F, -20.0F, 30.0F}).set_requires_grad();
  const Independent d(TanhNormal(Normal(loc, 1.5)), 1);
  Generator generator(3);
  const Scored draw = d.rsample_and_log_prob({50}, generator);
  EXPECT_EQ(draw.log_prob.shape(), (Shape{50}));
  for (const double x : draw.log_prob.to_vector<double>()) EXPECT_TRUE(std::isfinite(x));
  backward(sum(draw.log_prob));
  for (const double x : loc.grad().to_vector<double>()) EXPECT_TRUE(std::isfinite(x));

  const TanhNormal inner(Normal(tensor({0.3, -0.2}), 0.5));
  const Scored pair = inner.rsample_and_log_prob({20}, generator);
  const auto got = pair.log_prob.to_vector<double>(),
             wanted = inner.log_prob(pair.value).to_vector<double>();
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-9);
}

/// Doubles vectors, as a flow would couple them.
struct Twice {
  static constexpr int event_rank = 1;
  Tensor forward(const Tensor& x) const { return 2 * x; }
  Tensor inverse(const Tensor& y) const { return y / 2; }
  Tensor log_abs_det_jacobian(const Tensor& x, const Tensor&) const {
    return sum(full_like(x, std::log(2)), {-1});
  }
};

TEST(GradientsOfDraws, TransformsThatCoupleMakeEvents) {
  const Transformed d(Normal(zeros({3, 2}, DType::f64), 1.0), Twice{});
  EXPECT_EQ(d.batch_shape(), (Shape{3}));
  EXPECT_EQ(d.event_shape(), (Shape{2}));
  const Tensor y = randn({4, 3, 2}, 0, 1, DType::f64);
  const Tensor wanted = sum(Normal(0, 1).log_prob(y / 2), {-1}) - 2 * std::log(2);
  const auto got = d.log_prob(y).to_vector<double>();
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], wanted.to_vector<double>()[i], 1e-12);
  }
  EXPECT_THROW(Transformed(Normal(0, 1), Twice{}), ShapeError);
}

TEST(DrawsAndThreads, SameBitsOnAnyNumberOfThreads) {
  const Tensor a = rand({3, 1}, 0.2, 3), b = rand({5}, 0.2, 3), c = rand({5, 4}, 0.1, 2);
  const auto all = [&] {
    Generator g(31);
    const Shape n = {701};
    std::vector<Tensor> draws = {
        Normal(a, b).sample(n, g),
        Laplace(a, b).sample(n, g),
        Gamma(a, b).sample(n, g),
        Beta(a, b).sample(n, g),
        Dirichlet(c).sample(n, g),
        StudentT(a, b, b).sample(n, g),
        Poisson(a * b * 9).sample(n, g),
        Geometric({.probs = a / 4}).sample(n, g),
        Bernoulli({.probs = a / 4}).sample(n, g),
        cast(Categorical({.probs = c}).sample(n, g), DType::f32),
        RelaxedOneHotCategorical(0.5, {.probs = c}).sample(n, g),
        MultivariateNormal(zeros({4}), {.scale_tril = eye(4)}).sample(n, g),
        MixtureSameFamily(Categorical({.probs = c}), Normal(c, 1)).sample(n, g)};
    std::vector<float> out;
    for (const Tensor& x : draws) {
      for (const float v : x.to_vector<float>()) out.push_back(v);
    }
    return out;
  };
  const int before = thread_count();
  std::vector<std::vector<float>> seen;
  for (const int threads : {1, 2, 3, 4}) {
    set_thread_count(threads);
    seen.push_back(all());
  }
  set_thread_count(before);
  for (const auto& run : seen) EXPECT_EQ(run, seen[0]);
}

TEST(DrawsAndThreads, AnElementDependsOnItsPlaceAlone) {
  // Of two draws that differ elsewhere, what is equal stays equal: rejections shift nothing.
  const auto draws = [](double first) {
    Generator generator(12);
    const Tensor c = tensor({first, 0.3, 2.0, 50.0});
    return std::pair(Gamma(c, 1).sample({100}, generator), Poisson(c * 5).sample({100}, generator));
  };
  const auto [gamma, poisson] = draws(0.7);
  const auto [gamma2, poisson2] = draws(9.0);
  const auto rest = [](const Tensor& x) { return slice(x, -1, 1).to_vector<double>(); };
  EXPECT_EQ(rest(gamma), rest(gamma2));
  EXPECT_EQ(rest(poisson), rest(poisson2));
}

}  // namespace
}  // namespace strata::distributions
