#include "strata/distributions/von_mises.h"

#include <cmath>
#include <numbers>

#include "strata/kernels/von_mises.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tensor/on_device.h"

namespace strata::distributions {

VonMises::VonMises(const Operand& loc, const Operand& concentration, bool validate_args)
    : Distribution("VonMises", validate_args) {
  const auto p = broadcast({{"loc", loc}, {"concentration", concentration}});
  loc_ = p[0];
  concentration_ = p[1];
  require_number("loc", loc_);
  require_positive("concentration", concentration_);
}

VonMises VonMises::expand(const Shape& batch_shape) const {
  return expanded(*this, batch_shape, &VonMises::loc_, &VonMises::concentration_);
}

Tensor VonMises::variance() const { return 1 - i1e(concentration_) / i0e(concentration_); }

Tensor VonMises::sample(const Shape& shape, Generator& generator) const {
  const Shape all = draw_shape(shape);
  const Tensor locs = contiguous(strata::expand(loc_.detach(), all));
  const Tensor concentrations = contiguous(strata::expand(concentration_.detach(), all));
  Tensor y = empty_like(locs, "VonMises");
  on_cpu("VonMises", y, [&](Cpu cpu) {
    kernels::von_mises_draws(cpu, generator.seed, generator.next_stream(), locs, concentrations, y);
  });
  return y;
}

Tensor VonMises::log_prob(const Tensor& value) const {
  const Tensor x = fitting(value, loc_.dtype());
  require_number("value", x);
  // cos(d) - 1 without the difference: a large concentration would magnify what it loses.
  const Tensor dip = -2 * square(sin((x - loc_) / 2));
  return concentration_ * dip - std::log(2 * std::numbers::pi) - log(i0e(concentration_));
}

}  // namespace strata::distributions
