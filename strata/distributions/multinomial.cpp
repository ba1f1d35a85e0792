#include "strata/distributions/multinomial.h"

#include <cmath>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/distributions/binomial.h"
#include "strata/kernels/binomial.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/on_device.h"

namespace strata::distributions {

Multinomial::Multinomial(int64_t total_count, const ProbsOrLogits& parameter, bool validate_args)
    : Distribution("Multinomial", validate_args),
      total_count_(total_count),
      categorical_(PartOf{name()}, parameter, validate_args) {
  if (total_count < 0) {
    throw ValueError(name(), fmt::format("total_count must not be negative, got {}", total_count));
  }
  set_shapes(categorical_.batch_shape(), {categorical_.classes()});
}

Multinomial Multinomial::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Multinomial::categorical_);
}

Tensor Multinomial::mean() const { return probs() * static_cast<double>(total_count_); }

Tensor Multinomial::stddev() const { return sqrt(variance()); }

Tensor Multinomial::variance() const {
  const Tensor p = probs();
  return p * (1 - p) * static_cast<double>(total_count_);
}

Tensor Multinomial::entropy() const {
  const auto n = static_cast<double>(total_count_);
  const DType dtype = probs().dtype();
  // In f64: the logarithms are as large as the counts.
  const Categorical wide({.probs = cast(probs(), DType::f64)}, false);
  const Tensor given = wide.probs(), one = wide.entropy();
  if (total_count_ == 0) return cast(zeros_like(one), dtype);
  Shape shape = Dims::filled(given.rank() + 1, 1);
  shape[0] = total_count_;
  const Tensor k = reshape(arange(1, n + 1, 1, given.dtype(), given.device()), shape);
  const Tensor p =
      exp(internal::binomial_log_prob(k, n, Bernoulli({.probs = given}, false).logits()));
  const Tensor log_orders = full_like(one, std::lgamma(n + 1));
  return cast(n * one - log_orders + sum(p * lgamma(k + 1), {0, -1}), dtype);
}

Tensor Multinomial::sample(const Shape& shape, Generator& generator) const {
  const NoGrad no_grad;
  const Tensor given = probs(), p = cast(given, DType::f64), rest = cumsum(p, -1, true);
  const Tensor share = clamp(where(rest > 0, p / rest, 0), 0, 1);
  const Tensor shares = contiguous(strata::expand(share, draw_shape(shape)));
  Tensor y = empty_like(shares, "Multinomial");
  on_cpu("Multinomial", y, [&](Cpu cpu) {
    kernels::multinomial_draws(cpu, generator.seed, generator.next_stream(), total_count_, shares,
                               y);
  });
  return cast(y, given.dtype());
}

Tensor Multinomial::log_prob(const Tensor& value) const {
  const Tensor log_p = logits(), x = fitting(value, log_p.dtype());
  require("value", x, "a count", [&] { return internal::is_count(x); });
  const Tensor total = sum(x, {-1});
  require("the sum of value", total, "total_count",
          [&] { return total == static_cast<double>(total_count_); });
  const Tensor powers = where(x == 0, 0, x * where(x == 0, 0, log_p));
  return lgamma(total + 1) + sum(powers - lgamma(x + 1), {-1});
}

}  // namespace strata::distributions
