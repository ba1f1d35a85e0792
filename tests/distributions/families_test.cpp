// Values and gradients beside those of torch.distributions, for the families that are not in
// golden_test.cpp: tools/golden/distribution_families.py has the same cases in the same order of
// outputs.
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "strata/distributions/binomial.h"
#include "strata/distributions/cauchy.h"
#include "strata/distributions/continuous_bernoulli.h"
#include "strata/distributions/fisher_snedecor.h"
#include "strata/distributions/gamma.h"
#include "strata/distributions/half_normal.h"
#include "strata/distributions/inverse_gamma.h"
#include "strata/distributions/kumaraswamy.h"
#include "strata/distributions/lkj_cholesky.h"
#include "strata/distributions/logistic_normal.h"
#include "strata/distributions/low_rank_multivariate_normal.h"
#include "strata/distributions/multinomial.h"
#include "strata/distributions/pareto.h"
#include "strata/distributions/relaxed_bernoulli.h"
#include "strata/distributions/transforms.h"
#include "strata/distributions/von_mises.h"
#include "strata/distributions/weibull.h"
#include "strata/distributions/wishart.h"
#include "strata/opcases/op_case.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/matmul.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/reduce.h"
#include "strata/ops/softmax.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "tests/distributions/reference.h"

namespace strata::distributions {
namespace {

using opcases::Input;
using opcases::OpCase;
using Tensors = std::vector<Tensor>;
using In = std::span<const Tensor>;

constexpr const char* kDump = "distribution_families.safetensors";
const Shape kA = {3, 1}, kB = {5}, kV = {2, 3, 5}, kP = {3, 5};
const Input kInner = {kP, 0.05, 0.95}, kCount = {kV, 0, 7, true};

/// Outputs of a distribution of real numbers for values v and probabilities p.
template <class D>
Tensors real(const D& d, const Tensor& v, const Tensor& p) {
  return {d.log_prob(v), d.cdf(v), d.icdf(p), d.entropy(), d.mean(), d.variance(), d.stddev()};
}

template <class D>
Tensors with_entropy(const D& d, const Tensor& v) {
  return {d.log_prob(v), d.entropy(), d.mean(), d.variance(), d.stddev(), d.mode()};
}

template <class D>
Tensors without_entropy(const D& d, const Tensor& v) {
  return {d.log_prob(v), d.mean(), d.variance(), d.stddev(), d.mode()};
}

Tensors binomial(const Binomial& d, const Tensor& v, const Tensor& other) {
  return {d.log_prob(v), d.entropy(), other, d.mean(), d.variance(), d.stddev(), d.mode()};
}

Tensors multinomial(const Multinomial& d, const Tensor& v) {
  const Tensor counts = cast(v, d.probs().dtype());
  const Tensor all = concat({counts, 30 - sum(counts, {-1}, true)}, -1);
  return {d.log_prob(all), d.entropy(), d.mean(), d.variance(), d.stddev()};
}

/// A positive definite matrix and a lower triangular one with a positive diagonal.
Tensor definite(const Tensor& m) {
  return matmul(m, transpose(m, -2, -1)) + 2 * eye(m.size(-1), m.dtype(), m.device());
}
Tensor triangular(const Tensor& m) {
  const Tensor unit = eye(m.size(-1), m.dtype(), m.device());
  return tril(m, -1) + unit * (abs(m) + 0.5);
}
Tensor correlation(const Tensor& m) {
  const Tensor factor = triangular(m);
  return factor / sqrt(sum(square(factor), {-1}, true));
}

template <class T>
Tensors through(const T& transform, const Tensor& x) {
  const Tensor y = transform.forward(x);
  return {y, transform.inverse(y), transform.log_abs_det_jacobian(x, y)};
}

std::vector<OpCase> numbers() {
  return {
      {"cauchy",
       {{kA, -2, 2}, {kB, 0.3, 2}, {kV, -3, 3}, kInner},
       [](In x) -> Tensors {
         const Cauchy d(x[0], x[1]);
         return {d.log_prob(x[2]), d.cdf(x[2]), d.icdf(x[3]), d.entropy()};
       }},
      {"half_cauchy",
       {{kB, 0.3, 2}, {kV, 0.1, 4}, kInner},
       [](In x) -> Tensors {
         const HalfCauchy d(x[0]);
         return {d.log_prob(x[1]), d.cdf(x[1]), d.icdf(x[2]), d.entropy()};
       }},
      {"half_normal",
       {{kB, 0.3, 2}, {kV, 0.1, 4}, kInner},
       [](In x) { return real(HalfNormal(x[0]), x[1], x[2]); }},
      {"weibull",
       {{kA, 0.3, 2}, {kB, 0.7, 3}, {kV, 0.1, 2}, kInner},
       [](In x) { return real(Weibull(x[0], x[1]), x[2], x[3]); }},
      {"pareto",
       {{kA, 0.3, 1}, {kB, 2.2, 5}, {kV, 1.1, 4}, kInner},
       [](In x) { return real(Pareto(x[0], x[1]), x[2], x[3]); }},
      {"generalized_pareto",
       {{kA, -1, 0}, {kB, 0.3, 2}, {kA, -0.05, 0.45}, {kV, 0.1, 4}, kInner},
       [](In x) { return real(GeneralizedPareto(x[0], x[1], x[2]), x[3], x[4]); }},
      {"kumaraswamy",
       {{kA, 0.5, 3}, {kB, 0.5, 4}, {kV, 0.05, 0.95}, kInner},
       [](In x) { return real(Kumaraswamy(x[0], x[1]), x[2], x[3]); }},
      {"continuous_bernoulli/probs",
       {{kP, 0.05, 0.45}, {kV, 0.05, 0.95}, kInner},
       [](In x) { return real(ContinuousBernoulli({.probs = x[0]}), x[1], x[2]); }},
      {"continuous_bernoulli/logits",
       {{kP, 0.1, 3}, {kV, 0.05, 0.95}, kInner},
       [](In x) { return real(ContinuousBernoulli({.logits = x[0]}), x[1], x[2]); }},
      {"continuous_bernoulli/half",
       {{kP, 0.4995, 0.5005}, {kV, 0.05, 0.95}, kInner},
       [](In x) -> Tensors {
         const ContinuousBernoulli d({.probs = x[0]});
         return {d.log_prob(x[1]), d.cdf(x[1]), d.icdf(x[2]), d.mean(), d.variance(), d.stddev()};
       }},
  };
}

std::vector<OpCase> more_numbers() {
  return {
      {"gamma/cdf",
       {{kA, 0.2, 5, false, false}, {kB, 0.3, 3}, {kV, 0.1, 5}},
       [](In x) -> Tensors { return {Gamma(x[0], x[1]).cdf(x[2])}; }},
      {"chi2",
       {{kB, 0.3, 7, false, false}, {kV, 0.1, 9}},
       [](In x) -> Tensors {
         return {Chi2(x[0]).log_prob(x[1]), Chi2(x[0]).cdf(x[1])};
       }},
      {"chi2/moments",
       {{kB, 0.3, 7}, {kV, 0.1, 9}},
       [](In x) { return with_entropy(Chi2(x[0]), x[1]); }},
      {"inverse_gamma",
       {{kA, 2.2, 5}, {kB, 0.3, 3}, {kV, 0.1, 5}},
       [](In x) { return with_entropy(InverseGamma(x[0], x[1]), x[2]); }},
      {"inverse_gamma/cdf",
       {{kA, 0.2, 5, false, false}, {kB, 0.3, 3}, {kV, 0.1, 5}},
       [](In x) -> Tensors { return {InverseGamma(x[0], x[1]).cdf(x[2])}; }},
      {"fisher_snedecor",
       {{kA, 2.2, 9}, {kB, 4.2, 9}, {kV, 0.1, 4}},
       [](In x) { return without_entropy(FisherSnedecor(x[0], x[1]), x[2]); }},
      {"von_mises",
       {{kA, -3, 3}, {kB, 0.2, 9}, {kV, -3, 3}},
       [](In x) -> Tensors {
         const VonMises d(x[0], x[1]);
         return {d.log_prob(x[2]), d.variance()};
       }},
      {"logit_relaxed_bernoulli/probs",
       {{kP, 0.3, 2}, kInner, {kV, -3, 3}},
       [](In x) -> Tensors {
         return {LogitRelaxedBernoulli(x[0], {.probs = x[1]}).log_prob(x[2])};
       }},
      {"logit_relaxed_bernoulli/logits",
       {{kP, 0.3, 2}, {kP, -3, 3}, {kV, -3, 3}},
       [](In x) -> Tensors {
         return {LogitRelaxedBernoulli(x[0], {.logits = x[1]}).log_prob(x[2])};
       }},
      {"relaxed_bernoulli/probs",
       {{kP, 0.3, 2}, kInner, {kV, 0.05, 0.95}},
       [](In x) -> Tensors { return {RelaxedBernoulli(x[0], {.probs = x[1]}).log_prob(x[2])}; }},
      {"relaxed_bernoulli/logits",
       {{kP, 0.3, 2}, {kP, -3, 3}, {kV, 0.05, 0.95}},
       [](In x) -> Tensors { return {RelaxedBernoulli(x[0], {.logits = x[1]}).log_prob(x[2])}; }},
  };
}

std::vector<OpCase> counts() {
  return {
      {"binomial/probs",
       {{kA, 0.05, 0.95}, kCount},
       [](In x) {
         const Binomial d(7, {.probs = x[0]});
         return binomial(d, x[1], d.logits());
       }},
      {"binomial/logits",
       {{kB, -3, 3}, kCount},
       [](In x) {
         const Binomial d(7, {.logits = x[0]});
         return binomial(d, x[1], d.probs());
       }},
      {"negative_binomial/probs",
       {{kA, 0.4, 6}, {kB, 0.05, 0.95}, kCount},
       [](In x) { return without_entropy(NegativeBinomial(x[0], {.probs = x[1]}), x[2]); }},
      {"negative_binomial/logits",
       {{kA, 0.4, 6}, {kB, -3, 3}, kCount},
       [](In x) { return without_entropy(NegativeBinomial(x[0], {.logits = x[1]}), x[2]); }},
      {"multinomial/probs",
       {{{3, 1, 4}, 0.1, 3}, {{2, 1, 5, 3}, 0, 7, true}},
       [](In x) { return multinomial(Multinomial(30, {.probs = x[0]}), x[1]); }},
      {"multinomial/logits",
       {{{3, 1, 4}, -3, 3}, {{2, 1, 5, 3}, 0, 7, true}},
       [](In x) { return multinomial(Multinomial(30, {.logits = x[0]}), x[1]); }},
  };
}

std::vector<OpCase> events() {
  return {
      {"logistic_normal",
       {{{3, 1, 4}, -1, 1}, {{5, 4}, 0.3, 2}, {{2, 1, 5, 5}, -2, 2}},
       [](In x) -> Tensors { return {LogisticNormal(x[0], x[1]).log_prob(softmax(x[2]))}; }},
      {"low_rank_multivariate_normal",
       {{{2, 1, 4}, -1, 1}, {{3, 4, 2}, -1, 1}, {{4}, 0.3, 2}, {{5, 2, 3, 4}, -2, 2}},
       [](In x) -> Tensors {
         const LowRankMultivariateNormal d(x[0], x[1], x[2]);
         return {d.log_prob(x[3]), d.entropy(),  d.covariance(), d.precision(),
                 d.scale_tril(),   d.variance(), d.stddev()};
       }},
      {"wishart/scale_tril",
       {{{2, 1}, 4.2, 7}, {{2, 3, 3}, -1, 1}, {{4, 2, 2, 3, 3}, -1, 1}},
       [](In x) {
         return with_entropy(Wishart(x[0], {.scale_tril = triangular(x[1])}), definite(x[2]));
       }},
      {"wishart/covariance",
       {{{2}, 4.2, 7}, {{3, 3}, -1, 1}, {{2, 3, 3}, -1, 1}},
       [](In x) {
         return with_entropy(Wishart(x[0], {.covariance = definite(x[1])}), definite(x[2]));
       }},
      {"lkj_cholesky",
       {{{3, 1}, 0.4, 3}, {{2, 3, 5, 4, 4}, -1, 1}},
       [](In x) -> Tensors { return {LKJCholesky(4, x[0]).log_prob(correlation(x[1]))}; }},
      {"lkj_cholesky/2",
       {{{3}, 0.4, 3}, {{5, 3, 2, 2}, -1, 1}},
       [](In x) -> Tensors { return {LKJCholesky(2, x[0]).log_prob(correlation(x[1]))}; }},
  };
}

std::vector<OpCase> transforms() {
  return {
      {"transform/power",
       {{kV, 0.3, 2}, {kB, 0.5, 3}},
       [](In x) { return through(Power{x[1]}, x[0]); }},
      {"transform/softplus", {{kV, -3, 3}}, [](In x) { return through(Softplus(), x[0]); }},
      {"transform/stick_breaking",
       {{{3, 4}, -2, 2}},
       [](In x) { return through(StickBreaking(), x[0]); }},
      {"transform/compose",
       {{{3, 4}, -2, 2}},
       [](In x) {
         return through(Compose{Tanh(), StickBreaking()}, x[0]);
       }},
      {"transform/independent",
       {{kV, -2, 2}},
       [](In x) { return through(IndependentTransform<Sigmoid, 2>(), x[0]); }},
      {"transform/maps",
       {{{2, 3, 3}, -2, 2}},
       [](In x) -> Tensors {
         const Tensor y = LowerCholesky().forward(x[0]);
         return {y, LowerCholesky().inverse(y), Softmax().forward(x[0]), Abs().forward(x[0])};
       }},
  };
}

std::vector<OpCase> all_cases() {
  std::vector<OpCase> all = numbers();
  for (auto part : {more_numbers, counts, events, transforms}) {
    for (OpCase& c : part()) all.push_back(std::move(c));
  }
  return all;
}

// PyTorch's trigamma has ten digits.
TEST(DistributionFamilies, EqualPyTorchsInF64) {
  testing::expect_reference(all_cases(), kDump, DType::f64, 1e-9);
}

TEST(DistributionFamilies, EqualPyTorchsInF32) {
  testing::expect_reference(all_cases(), kDump, DType::f32, 2e-4);
}

TEST(DistributionFamilies, SecondOrderGradientsEqualCentralDifferences) {
  testing::expect_second_order(all_cases());
}

TEST(DistributionFamilies, MetaShapesEqualRealOnes) { testing::expect_meta_shapes(all_cases()); }

}  // namespace
}  // namespace strata::distributions
