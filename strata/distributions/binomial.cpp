#include "strata/distributions/binomial.h"

#include <limits>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/distributions/noise.h"
#include "strata/distributions/poisson.h"
#include "strata/kernels/binomial.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/extremes.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/on_device.h"

namespace strata::distributions {

using internal::is_count;
using internal::weighted;

namespace {

/// `parameter` with the tensor `x` in its place.
ProbsOrLogits replaced(const ProbsOrLogits& parameter, const Tensor& x) {
  return parameter.probs.defined() ? ProbsOrLogits{.probs = x} : ProbsOrLogits{.logits = x};
}

}  // namespace

namespace internal {

Tensor binomial_log_prob(const Tensor& k, const Operand& n, const Tensor& logits) {
  const Tensor rest = n - k;
  return lgamma(k + rest + 1) - lgamma(k + 1) - lgamma(rest + 1) + weighted(k, logsigmoid(logits)) +
         weighted(rest, logsigmoid(-logits));
}

}  // namespace internal

Binomial::Binomial(const Operand& total_count, const ProbsOrLogits& parameter, bool validate_args)
    : Distribution("Binomial", validate_args), success_(PartOf{name()}, parameter, validate_args) {
  const char* what = parameter.probs.defined() ? "probs" : "logits";
  const auto p =
      broadcast({{"total_count", total_count}, {what, internal::the_given(name(), parameter)}});
  total_count_ = p[0];
  success_ = Bernoulli(PartOf{name()}, replaced(parameter, p[1]), false);
  require("total_count", total_count_, "a count", [&] { return is_count(total_count_); });
}

Binomial Binomial::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Binomial::total_count_, &Binomial::success_);
}

Tensor Binomial::mean() const { return total_count_ * probs(); }

Tensor Binomial::mode() const { return minimum(floor((total_count_ + 1) * probs()), total_count_); }

Tensor Binomial::stddev() const { return sqrt(variance()); }

Tensor Binomial::variance() const { return total_count_ * success_.variance(); }

Tensor Binomial::entropy() const {
  // In f64: the logarithms are as large as the counts.
  const Tensor n = cast(total_count_.detach(), DType::f64);
  const double most = n.is_meta() || n.numel() == 0 ? 0 : max(n).item<double>();
  constexpr double kMost = 0x1p31;
  if (!(most >= 0 && most <= kMost)) {
    throw ValueError(name(), fmt::format("entropy sums over all counts: the largest total_count "
                                         "must be in [0, 2^31], got {}",
                                         most));
  }
  Shape shape = Dims::filled(n.rank() + 1, 1);
  shape[0] = static_cast<int64_t>(most) + 1;
  const Tensor k = reshape(arange(0, most + 1, 1, n.dtype(), n.device()), shape);
  const Tensor inside = k <= n;
  const Tensor log_p =
      internal::binomial_log_prob(where(inside, k, 0), n, cast(logits(), n.dtype()));
  return cast(-sum(where(inside, exp(log_p) * log_p, 0), {0}), total_count_.dtype());
}

Tensor Binomial::sample(const Shape& shape, Generator& generator) const {
  const Shape all = draw_shape(shape);
  const Tensor counts = contiguous(strata::expand(total_count_.detach(), all));
  const Tensor p = contiguous(strata::expand(probs().detach(), all));
  Tensor y = empty_like(counts, "Binomial");
  on_cpu("Binomial", y, [&](Cpu cpu) {
    kernels::binomial_draws(cpu, generator.seed, generator.next_stream(), counts, p, y);
  });
  return y;
}

Tensor Binomial::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, total_count_.dtype());
  require("value", x, "a count up to total_count",
          [&] { return logical_and(is_count(x), x <= total_count_); });
  return internal::binomial_log_prob(x, total_count_, logits());
}

Tensor kl_divergence(const Binomial& p, const Binomial& q) {
  const Tensor n = p.total_count(), further = n < q.total_count();
  if (!further.is_meta() && any(further).item<bool>()) {
    throw ValueError("kl_divergence",
                     fmt::format("total_count {} of q must not be above that of p, {}",
                                 describe(q.total_count()), describe(n)));
  }
  const Tensor one = kl_divergence(p.success(), q.success());
  return where(n > q.total_count(), std::numeric_limits<double>::infinity(), weighted(n, one));
}

NegativeBinomial::NegativeBinomial(const Operand& total_count, const ProbsOrLogits& parameter,
                                   bool validate_args)
    : Distribution("NegativeBinomial", validate_args),
      success_(PartOf{name()}, parameter, validate_args) {
  const char* what = parameter.probs.defined() ? "probs" : "logits";
  const auto p =
      broadcast({{"total_count", total_count}, {what, internal::the_given(name(), parameter)}});
  total_count_ = p[0];
  success_ = Bernoulli(PartOf{name()}, replaced(parameter, p[1]), false);
  require("total_count", total_count_, "at least 0", [&] { return total_count_ >= 0; });
  if (parameter.probs.defined()) require("probs", p[1], "below 1", [&] { return p[1] < 1; });
}

NegativeBinomial NegativeBinomial::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &NegativeBinomial::total_count_, &NegativeBinomial::success_);
}

Tensor NegativeBinomial::mean() const { return total_count_ * exp(logits()); }

Tensor NegativeBinomial::mode() const {
  return clamp(floor((total_count_ - 1) * exp(logits())), 0);
}

Tensor NegativeBinomial::stddev() const { return sqrt(variance()); }

Tensor NegativeBinomial::variance() const { return mean() / sigmoid(-logits()); }

Tensor NegativeBinomial::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  using strata::internal::widened;
  const Tensor n = widened(total_count_), odds = exp(widened(logits()));
  const Tensor draws =
      internal::standard_gamma(strata::expand(where(n == 0, 1, n), draw_shape(shape)), generator);
  const Tensor counts = Poisson(where(n == 0, 0, draws * odds), false).sample({}, generator);
  return cast(counts, total_count_.dtype());
}

Tensor NegativeBinomial::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, total_count_.dtype());
  require("value", x, "a count", [&] { return is_count(x); });
  // Of 0 and 0 there is one way, as of 1 and 0.
  const Tensor n = where(total_count_ + x == 0, 1, total_count_), l = logits();
  const Tensor ways = lgamma(n + x) - lgamma(1 + x) - lgamma(n);
  return ways + weighted(total_count_, logsigmoid(-l)) + weighted(x, logsigmoid(l));
}

}  // namespace strata::distributions
