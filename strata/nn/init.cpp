#include "strata/nn/init.h"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/copy.h"
#include "strata/kernels/random.h"
#include "strata/tensor/on_device.h"

namespace strata::nn::init {
namespace {

/// Calls fill(cpu, values) with a contiguous tensor whose values then are w's.
template <class Fill>
void write(const char* name, Tensor& w, Fill fill) {
  if (!is_floating(w.dtype())) {
    throw DTypeError(name, fmt::format("needs a floating tensor, got {}", describe(w)));
  }
  if (w.node() && !w.node()->is_leaf()) {
    throw GradError(name, describe(w) + " is the result of a recorded op",
                    "initialise the parameter itself");
  }
  on_cpu(name, w, [&](Cpu cpu) {
    Tensor values = w.is_contiguous() ? w.detach() : empty_like(w);
    fill(cpu, values);
    if (!w.is_contiguous()) kernels::copy(cpu, values, w);
  });
  w.bump_version();
}

double fan_of(const Tensor& w, FanMode mode) {
  const Fans f = fans(w);
  return static_cast<double>(mode == FanMode::in ? f.in : f.out);
}

double kaiming_stddev(const Tensor& w, const KaimingOptions& o) {
  return gain(o.nonlinearity, o.slope) / std::sqrt(fan_of(w, o.mode));
}

double xavier_stddev(const Tensor& w, double gain) {
  const Fans f = fans(w);
  return gain * std::sqrt(2.0 / static_cast<double>(f.in + f.out));
}

/// A uniform distribution of that standard deviation reaches sqrt(3) times as far.
void uniform_of(Tensor& w, double stddev, Generator& generator) {
  const double bound = std::numbers::sqrt3 * stddev;
  uniform(w, -bound, bound, generator);
}

}  // namespace

Fans fans(const Tensor& weight) {
  if (weight.rank() < 2) {
    throw ShapeError("fans", describe(weight) + " has no fan in and out: two axes are needed");
  }
  int64_t field = 1;
  for (int i = 1; i + 1 < weight.rank(); ++i) field *= weight.size(i);
  return {weight.size(-1) * field, weight.size(0) * field};
}

double gain(Nonlinearity f, double slope) {
  switch (f) {
    case Nonlinearity::tanh: return 5.0 / 3.0;
    case Nonlinearity::relu: return std::numbers::sqrt2;
    case Nonlinearity::leaky_relu: return std::sqrt(2.0 / (1 + slope * slope));
    case Nonlinearity::selu: return 0.75;
    case Nonlinearity::linear:
    case Nonlinearity::sigmoid: break;
  }
  return 1;
}

void constant(Tensor& w, double value) {
  write("constant", w, [&](Cpu cpu, Tensor& values) { kernels::fill(cpu, value, values); });
}

void uniform(Tensor& w, double low, double high, Generator& generator) {
  const uint64_t stream = generator.next_stream();
  write("uniform", w, [&](Cpu cpu, Tensor& values) {
    kernels::uniform(cpu, generator.seed, stream, low, high, values);
  });
}

void normal(Tensor& w, double mean, double stddev, Generator& generator) {
  const uint64_t stream = generator.next_stream();
  write("normal", w, [&](Cpu cpu, Tensor& values) {
    kernels::normal(cpu, generator.seed, stream, mean, stddev, values);
  });
}

void xavier_uniform(Tensor& w, double gain, Generator& generator) {
  uniform_of(w, xavier_stddev(w, gain), generator);
}

void xavier_normal(Tensor& w, double gain, Generator& generator) {
  normal(w, 0, xavier_stddev(w, gain), generator);
}

void kaiming_uniform(Tensor& w, const KaimingOptions& options, Generator& generator) {
  uniform_of(w, kaiming_stddev(w, options), generator);
}

void kaiming_normal(Tensor& w, const KaimingOptions& options, Generator& generator) {
  normal(w, 0, kaiming_stddev(w, options), generator);
}

void torch_default(Tensor& weight, Tensor& bias, Generator& generator) {
  const double bound = 1 / std::sqrt(fan_of(weight, FanMode::in));
  uniform(weight, -bound, bound, generator);
  if (bias.defined()) uniform(bias, -bound, bound, generator);
}

}  // namespace strata::nn::init
