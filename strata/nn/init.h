#pragma once

#include <cstdint>

#include "strata/base/random.h"
#include "strata/tensor/tensor.h"

/// Initialisers, after torch.nn.init. They write over a parameter and record no gradient; each
/// draws one stream from the generator, so that the values follow its state and the shape alone.
/// All throw DTypeError for integer tensors and GradError for the result of a recorded op; on the
/// meta device they do nothing.
namespace strata::nn::init {

/// The number of values that feed one output, and that one input feeds.
struct Fans {
  int64_t in = 0, out = 0;
};
/// Of weights [out, in] and [out, kh, kw, in] (any number of kernel axes). Throws ShapeError below
/// two axes.
Fans fans(const Tensor& weight);

enum class Nonlinearity { linear, sigmoid, tanh, relu, leaky_relu, selu };

/// The factor that keeps the variance of what passes through that function; `slope` is leaky_relu's
/// on the negative side.
double gain(Nonlinearity f, double slope = 0.01);

void constant(Tensor& w, double value);

/// Uniform in [low, high).
void uniform(Tensor& w, double low = 0, double high = 1,
             Generator& generator = default_generator());
void normal(Tensor& w, double mean = 0, double stddev = 1,
            Generator& generator = default_generator());
/// Glorot and Bengio 2010: variance gain^2 * 2 / (fan in + fan out).
void xavier_uniform(Tensor& w, double gain = 1, Generator& generator = default_generator());
void xavier_normal(Tensor& w, double gain = 1, Generator& generator = default_generator());

enum class FanMode { in, out };

struct KaimingOptions {
  FanMode mode = FanMode::in;
  Nonlinearity nonlinearity = Nonlinearity::leaky_relu;
  double slope = 0;  ///< of leaky_relu; with 0 it is relu
};

/// He et al. 2015: variance gain^2 / fan.
void kaiming_uniform(Tensor& w, const KaimingOptions& options = {},
                     Generator& generator = default_generator());
void kaiming_normal(Tensor& w, const KaimingOptions& options = {},
                    Generator& generator = default_generator());

/// What PyTorch's Linear and Conv layers start from: weight and bias uniform within
/// 1 / sqrt(fan in). `bias` may be undefined.
void torch_default(Tensor& weight, Tensor& bias, Generator& generator = default_generator());

}  // namespace strata::nn::init
