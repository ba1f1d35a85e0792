#include "strata/distributions/poisson.h"

#include "strata/kernels/variates.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tensor/on_device.h"

namespace strata::distributions {

Poisson::Poisson(const Operand& rate, bool validate_args)
    : Distribution("Poisson", validate_args), rate_(broadcast({{"rate", rate}})[0]) {
  require("rate", rate_, "at least 0", [&] { return rate_ >= 0; });
}

Poisson Poisson::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &Poisson::rate_);
}

Tensor Poisson::mode() const { return floor(rate_); }

Tensor Poisson::stddev() const { return sqrt(rate_); }

Tensor Poisson::sample(const Shape& shape, Generator& generator) const {
  const Tensor rates = contiguous(strata::expand(rate_.detach(), draw_shape(shape)));
  Tensor y = empty_like(rates, "Poisson");
  on_cpu("Poisson", y, [&](Cpu cpu) {
    kernels::poisson_draws(cpu, generator.seed, generator.next_stream(), rates, y);
  });
  return y;
}

Tensor Poisson::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, rate_.dtype());
  require("value", x, "a count", [&] { return internal::is_count(x); });
  return xlogy(x, rate_) - rate_ - lgamma(x + 1);
}

Tensor kl_divergence(const Poisson& p, const Poisson& q) {
  return p.rate() * (log(p.rate()) - log(q.rate())) - (p.rate() - q.rate());
}

}  // namespace strata::distributions
