#include "strata/distributions/noise.h"

#include <cmath>
#include <limits>

#include "strata/base/largest_finite.h"
#include "strata/base/least_normal.h"
#include "strata/kernels/random.h"
#include "strata/kernels/variates.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata::distributions::internal {
namespace {

using kernels::GammaForm;

Tensor gamma_draws(const char* op, GammaForm form, const Tensor& concentration,
                   Generator& generator) {
  const Tensor dense = contiguous(concentration.detach());
  Tensor y = empty_like(dense, op);
  on_cpu(op, y, [&](Cpu cpu) {
    kernels::gamma_draws(cpu, generator.seed, generator.next_stream(), form, dense, y);
  });
  return record(
      op, {concentration}, y,
      once([op, form, a = save(dense), y = save_output(y)](const Tensor& dy, Needs) -> Grads {
        Tensor slope = empty_like(dy, op);
        on_cpu(op, slope, [&](Cpu cpu) {
          kernels::gamma_slopes(cpu, form, a.get(), contiguous(y.get()), slope);
        });
        return {dy * slope};
      }));
}

}  // namespace

Tensor open_uniform(const Shape& shape, const Tensor& like, Generator& generator) {
  const DType dtype = like.dtype() == DType::f64 ? DType::f64 : DType::f32;
  // rand gives multiples of 2^-24 (2^-53): what stands for 0 lies half of one above it.
  return clamp(rand(shape, 0, 1, dtype, like.device(), generator),
               dtype == DType::f64 ? 0x1p-54 : 0x1p-25);
}

Tensor standard_normal(const Shape& shape, const Tensor& like, Generator& generator) {
  return randn(shape, 0, 1, like.dtype(), like.device(), generator);
}

Tensor standard_exponential(const Shape& shape, const Tensor& like, Generator& generator) {
  return cast(-log1p(-open_uniform(shape, like, generator)), like.dtype());
}

Tensor standard_gumbel(const Shape& shape, const Tensor& like, Generator& generator) {
  return cast(-log(-log(open_uniform(shape, like, generator))), like.dtype());
}

Tensor standard_gamma(const Tensor& concentration, Generator& generator) {
  return gamma_draws("standard_gamma", GammaForm::value, concentration, generator);
}

Tensor log_standard_gamma(const Tensor& concentration, Generator& generator) {
  return gamma_draws("log_standard_gamma", GammaForm::logarithm, concentration, generator);
}

double epsilon(DType dtype) {
  switch (dtype) {
    case DType::f64: return std::numeric_limits<double>::epsilon();
    case DType::bf16: return 0x1p-7;
    case DType::f16: return 0x1p-10;
    default: return std::numeric_limits<float>::epsilon();
  }
}

Tensor next_below(const Tensor& x) {
  const Tensor dense = contiguous(x.detach());
  Tensor y = empty_like(dense, "next_below");
  on_cpu("next_below", y, [&](Cpu cpu) { kernels::next_below(cpu, dense, y); });
  return y;
}

Tensor positive_exp(const Tensor& x, DType dtype) {
  const double least = least_normal(dtype), most = largest_finite(dtype);
  return clamp(cast(exp(clamp(x, std::log(least), std::log(most))), dtype), least, most);
}

Tensor inner(const Tensor& probs) {
  const double eps = epsilon(probs.dtype());
  return clamp(probs, eps, 1 - eps);
}

}  // namespace strata::distributions::internal
