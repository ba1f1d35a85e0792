// Values and gradients beside those of torch.distributions: tools/golden/distributions.py has the
// same cases in the same order of outputs.
#include <string>
#include <vector>

#include <gtest/gtest.h>

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
#include "strata/opcases/op_case.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/matmul.h"
#include "strata/ops/rearrange.h"
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

constexpr const char* kDump = "distributions.safetensors";
const Shape kA = {3, 1}, kB = {5}, kV = {2, 3, 5}, kP = {3, 5};
const Input kLoc = {kA, -2, 2}, kScale = {kB, 0.3, 2}, kReal = {kV, -3, 3},
            kInner = {kP, 0.05, 0.95};

/// Outputs of a distribution of real numbers for values v and probabilities p.
template <class D>
Tensors real(const D& d, const Tensor& v, const Tensor& p) {
  return {d.log_prob(v), d.cdf(v), d.icdf(p), d.entropy(), d.mean(), d.variance(), d.stddev()};
}

template <class D>
Tensors with_mode(const D& d, const Tensor& v) {
  return {d.log_prob(v), d.entropy(), d.mean(), d.variance(), d.stddev(), d.mode()};
}

Tensors vectors(const MultivariateNormal& d, const Tensor& v) {
  return {d.log_prob(v), d.entropy(), d.covariance(), d.precision(), d.variance(), d.stddev()};
}

/// A positive definite matrix and a lower triangular one with a positive diagonal.
Tensor definite(const Tensor& m) {
  return matmul(m, transpose(m, -2, -1)) + 2 * eye(m.size(-1), m.dtype(), m.device());
}
Tensor triangular(const Tensor& m) {
  const Tensor unit = eye(m.size(-1), m.dtype(), m.device());
  return tril(m, -1) + unit * (abs(m) + 0.5);
}

Tensor bits(const Tensor& v) { return cast(v > 0, v.dtype()); }

std::vector<OpCase> numbers() {
  return {
      {"normal",
       {kLoc, kScale, kReal, kInner},
       [](In x) { return real(Normal(x[0], x[1]), x[2], x[3]); }},
      {"laplace",
       {kLoc, kScale, kReal, kInner},
       [](In x) { return real(Laplace(x[0], x[1]), x[2], x[3]); }},
      {"gumbel",
       {kLoc, {kB, 0.8, 2}, {kV, -2, 3}, kInner},
       [](In x) { return real(Gumbel(x[0], x[1]), x[2], x[3]); }},
      {"log_normal",
       {kLoc, kScale, {kV, 0.1, 4}, kInner},
       [](In x) { return real(LogNormal(x[0], x[1]), x[2], x[3]); }},
      {"uniform",
       {{kA, -3, -2}, {kB, 2, 3}, {kV, -2, 2}, kInner},
       [](In x) { return real(Uniform(x[0], x[1]), x[2], x[3]); }},
      {"exponential",
       {{kB, 0.2, 3}, {kV, 0.1, 4}, kInner},
       [](In x) { return real(Exponential(x[0]), x[1], x[2]); }},
      {"student_t",
       {{kA, 2.2, 9}, {kB, -2, 2}, kScale, kReal},
       [](In x) -> Tensors {
         const StudentT d(x[0], x[1], x[2]);
         return {d.log_prob(x[3]), d.entropy(), d.mean(), d.variance(), d.stddev()};
       }},
      {"gamma",
       {{kA, 0.2, 5}, {kB, 0.3, 3}, {kV, 0.1, 5}},
       [](In x) { return with_mode(Gamma(x[0], x[1]), x[2]); }},
      {"beta",
       {{kA, 1.2, 5}, {kB, 1.3, 3}, {kV, 0.05, 0.95}},
       [](In x) { return with_mode(Beta(x[0], x[1]), x[2]); }},
      {"poisson",
       {{kB, 0.3, 9}, {kV, 0, 12, true}},
       [](In x) -> Tensors {
         const Poisson d(x[0]);
         return {d.log_prob(x[1]), d.mean(), d.variance(), d.stddev(), d.mode()};
       }},
      {"geometric",
       {{kB, 0.1, 0.9}, {kV, 0, 6, true}},
       [](In x) -> Tensors {
         const Geometric d({.probs = x[0]});
         return {d.log_prob(x[1]), d.entropy(), d.mean(), d.variance(), d.stddev()};
       }},
      {"bernoulli/logits",
       {{kP, -3, 3}, {kV, -1, 1, false, false}},
       [](In x) -> Tensors {
         const Bernoulli d({.logits = x[0]});
         return {d.log_prob(bits(x[1])), d.entropy(), d.probs(), d.variance(), d.stddev()};
       }},
      {"bernoulli/probs",
       {{kP, 0.05, 0.95}, {kV, -1, 1, false, false}},
       [](In x) -> Tensors {
         const Bernoulli d({.probs = x[0]});
         return {d.log_prob(bits(x[1])), d.entropy(), d.logits(), d.variance(), d.stddev()};
       }},
      {"tanh_normal",
       {kLoc, kScale, {kV, -0.95, 0.95}},
       [](In x) -> Tensors { return {TanhNormal(Normal(x[0], x[1])).log_prob(x[2])}; }},
      {"transformed",
       {kLoc, kScale, {kB, -1, 1}, {kB, 0.5, 2}, {kV, 0.1, 0.9}},
       [](In x) -> Tensors {
         const Transformed moved(Normal(x[0], x[1]), Affine{x[2], x[3]});
         return {Transformed(moved, Sigmoid()).log_prob(x[4])};
       }},
      {"mixture",
       {{{3, 1, 4}, -2, 2}, {{3, 5, 4}, -2, 2}, {{4}, 0.3, 2}, kReal},
       [](In x) -> Tensors {
         const MixtureSameFamily d(Categorical({.logits = x[0]}), Normal(x[1], x[2]));
         return {d.log_prob(x[3]), d.cdf(x[3]), d.mean(), d.variance()};
       }},
  };
}

std::vector<OpCase> events() {
  return {
      {"dirichlet",
       {{{3, 1, 4}, 1.3, 4}, {{2, 1, 5, 4}, -2, 2}},
       [](In x) { return with_mode(Dirichlet(x[0]), softmax(x[1])); }},
      {"categorical/logits",
       {{{3, 1, 4}, -3, 3}, {kV, 0, 4, true}},
       [](In x) -> Tensors {
         const Categorical d({.logits = x[0]});
         return {d.log_prob(x[1]), d.entropy(), d.probs(), d.logits()};
       }},
      {"categorical/probs",
       {{{3, 1, 4}, 0.1, 3}, {kV, 0, 4, true}},
       [](In x) -> Tensors {
         const Categorical d({.probs = x[0]});
         return {d.log_prob(x[1]), d.entropy(), d.probs(), d.logits()};
       }},
      {"one_hot_categorical",
       {{{3, 5, 4}, -3, 3}, {kV, 0, 4, true}},
       [](In x) -> Tensors {
         const OneHotCategorical d({.logits = x[0]});
         return {d.log_prob(one_hot(x[1], 4)), d.entropy(), d.mean(), d.variance(), d.stddev()};
       }},
      {"relaxed_one_hot",
       {{{3, 1, 4}, -3, 3}, {{2, 3, 5, 4}, -2, 2}},
       [](In x) -> Tensors {
         return {RelaxedOneHotCategorical(0.7, {.logits = x[0]}).log_prob(softmax(x[1]))};
       }},
      {"multivariate_normal/scale_tril",
       {{{2, 1, 3}, -1, 1}, {{5, 3, 3}, -1, 1}, {{4, 2, 5, 3}, -2, 2}},
       [](In x) {
         return vectors(MultivariateNormal(x[0], {.scale_tril = triangular(x[1])}), x[2]);
       }},
      {"multivariate_normal/covariance",
       {{{3}, -1, 1}, {{3, 3}, -1, 1}, {{4, 5, 3}, -2, 2}},
       [](In x) {
         return vectors(MultivariateNormal(x[0], {.covariance = definite(x[1])}), x[2]);
       }},
      {"multivariate_normal/precision",
       {{{5, 3}, -1, 1}, {{3, 3}, -1, 1}, {{4, 5, 3}, -2, 2}},
       [](In x) { return vectors(MultivariateNormal(x[0], {.precision = definite(x[1])}), x[2]); }},
      {"independent",
       {{{3, 1, 2}, -2, 2}, {{4, 2}, 0.3, 2}, {{5, 3, 4, 2}, -3, 3}},
       [](In x) -> Tensors {
         const Independent d(Normal(x[0], x[1]), 2);
         return {d.log_prob(x[2]), d.entropy(), d.mean(), d.variance(), d.stddev()};
       }},
      {"mixture/vectors",
       {{{4}, 0.2, 2}, {{3, 4, 2}, -2, 2}, {{4, 2}, 0.3, 2}, {{5, 3, 2}, -3, 3}},
       [](In x) -> Tensors {
         const MixtureSameFamily d(Categorical({.probs = x[0]}), Independent(Normal(x[1], x[2])));
         return {d.log_prob(x[3]), d.mean(), d.variance()};
       }},
  };
}

/// kl_divergence of two distributions of two parameters each.
template <class D>
OpCase divergence(const char* name, std::vector<Input> inputs) {
  return {std::string("kl/") + name, std::move(inputs),
          [](In x) -> Tensors { return {kl_divergence(D(x[0], x[1]), D(x[2], x[3]))}; }};
}

std::vector<OpCase> divergences() {
  const Input loc = {{2, 1, 1}, -2, 2}, scale = {kP, 0.3, 2};
  const std::vector<Input> positive = {
      {kA, 0.2, 5}, {kB, 0.3, 3}, {{2, 1, 1}, 0.3, 3}, {kP, 0.3, 3}};
  return {
      divergence<Normal>("normal", {kLoc, kScale, loc, scale}),
      divergence<LogNormal>("log_normal", {kLoc, kScale, loc, scale}),
      divergence<Laplace>("laplace", {kLoc, kScale, loc, scale}),
      divergence<Gumbel>("gumbel", {kLoc, kScale, loc, scale}),
      divergence<Uniform>("uniform", {{kA, -1, 0}, {kB, 1, 2}, {{2, 1, 1}, -3, 0}, {kP, 1, 4}}),
      divergence<Gamma>("gamma", positive),
      divergence<Beta>("beta", positive),
      {"kl/exponential",
       {{kA, 0.2, 3}, {kB, 0.2, 3}},
       [](In x) -> Tensors { return {kl_divergence(Exponential(x[0]), Exponential(x[1]))}; }},
      {"kl/poisson",
       {{kA, 0.2, 9}, {kB, 0.2, 9}},
       [](In x) -> Tensors { return {kl_divergence(Poisson(x[0]), Poisson(x[1]))}; }},
      {"kl/dirichlet",
       {{{3, 1, 4}, 0.3, 4}, {{5, 4}, 0.3, 4}},
       [](In x) -> Tensors { return {kl_divergence(Dirichlet(x[0]), Dirichlet(x[1]))}; }},
      {"kl/bernoulli",
       {{kA, -3, 3}, {kB, -3, 3}},
       [](In x) -> Tensors {
         return {kl_divergence(Bernoulli({.logits = x[0]}), Bernoulli({.logits = x[1]}))};
       }},
      {"kl/geometric",
       {{kA, 0.1, 0.9}, {kB, 0.1, 0.9}},
       [](In x) -> Tensors {
         return {kl_divergence(Geometric({.probs = x[0]}), Geometric({.probs = x[1]}))};
       }},
      {"kl/categorical",
       {{{3, 1, 4}, -3, 3}, {{5, 4}, -3, 3}},
       [](In x) -> Tensors {
         return {kl_divergence(Categorical({.logits = x[0]}), Categorical({.logits = x[1]}))};
       }},
      {"kl/multivariate_normal",
       {{{2, 1, 3}, -1, 1}, {{5, 3, 3}, -1, 1}, {{3}, -1, 1}, {{3, 3}, -1, 1}},
       [](In x) -> Tensors {
         return {kl_divergence(MultivariateNormal(x[0], {.scale_tril = triangular(x[1])}),
                               MultivariateNormal(x[2], {.scale_tril = triangular(x[3])}))};
       }},
      {"kl/independent",
       {kLoc, kScale, kLoc, kScale},
       [](In x) -> Tensors {
         return {
             kl_divergence(Independent(Normal(x[0], x[1]), 2), Independent(Normal(x[2], x[3]), 2))};
       }},
  };
}

std::vector<OpCase> all_cases() {
  std::vector<OpCase> all = numbers();
  for (auto part : {events, divergences}) {
    for (OpCase& c : part()) all.push_back(std::move(c));
  }
  return all;
}

// PyTorch's trigamma has ten digits.
TEST(DistributionValues, EqualPyTorchsInF64) {
  testing::expect_reference(all_cases(), kDump, DType::f64, 1e-9);
}

TEST(DistributionValues, EqualPyTorchsInF32) {
  testing::expect_reference(all_cases(), kDump, DType::f32, 1e-4);
}

TEST(DistributionValues, SecondOrderGradientsEqualCentralDifferences) {
  testing::expect_second_order(all_cases());
}

TEST(DistributionValues, MetaShapesEqualRealOnes) { testing::expect_meta_shapes(all_cases()); }

}  // namespace
}  // namespace strata::distributions
