#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "strata/base/random.h"
#include "strata/tensor/tensor.h"

/// Initialisers, after torch.nn.init. They write over a parameter and record no gradient; each
/// draws one stream from the generator, so that the values follow its state and the shape alone.
/// All throw DTypeError for integer tensors, GradError for the result of a recorded op, and
/// ShapeError where several elements lie in one place, as expand() makes them; on the meta device
/// they do nothing.
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

/// While it lives, uniform, normal and what stands on these two alone leave the values in this
/// thread as they are: for networks whose weights all come from a file. Generators advance as ever.
class UnwrittenScope {
 public:
  UnwrittenScope();
  ~UnwrittenScope();
  UnwrittenScope(const UnwrittenScope&) = delete;
  UnwrittenScope& operator=(const UnwrittenScope&) = delete;

 private:
  bool before_;
};
/// Whether there is one in this thread.
bool unwritten();

/// PyTorch's constant_, with 0 and 1 its zeros_ and ones_.
void constant(Tensor& w, double value);

/// Uniform in [low, high). Throws ValueError unless low <= high.
void uniform(Tensor& w, double low = 0, double high = 1,
             Generator& generator = default_generator());
/// Throws ValueError for a stddev below 0.
void normal(Tensor& w, double mean = 0, double stddev = 1,
            Generator& generator = default_generator());
/// Glorot and Bengio 2010: variance gain^2 * 2 / (fan in + fan out). Throws ShapeError as fans, and
/// ValueError for a gain below 0.
void xavier_uniform(Tensor& w, double gain = 1, Generator& generator = default_generator());
void xavier_normal(Tensor& w, double gain = 1, Generator& generator = default_generator());

enum class FanMode { in, out };

struct KaimingOptions {
  FanMode mode = FanMode::in;
  Nonlinearity nonlinearity = Nonlinearity::leaky_relu;
  double slope = 0;  ///< of leaky_relu; with 0 it is relu
};

/// He et al. 2015: variance gain^2 / fan. Throws ShapeError as fans.
void kaiming_uniform(Tensor& w, const KaimingOptions& options = {},
                     Generator& generator = default_generator());
void kaiming_normal(Tensor& w, const KaimingOptions& options = {},
                    Generator& generator = default_generator());

/// Uniform within c / sqrt(fan in), and within c / sqrt(fan in + fan out): the textbooks' rules.
/// There c = 1 of the first goes by the name of Xavier and c = 2 by that of He, which are not the
/// bounds above: those are sqrt(6 / (fan in + fan out)) and sqrt(6 / fan in).
void fan_in_uniform(Tensor& w, double c = 1, Generator& generator = default_generator());
void fan_sum_uniform(Tensor& w, double c = 1, Generator& generator = default_generator());

/// A normal distribution without what lies outside of [low, high], absolute bounds. Throws
/// ValueError for bounds out of order or where the distribution has no mass, and a stddev that is
/// not above 0.
void truncated_normal(Tensor& w, double mean = 0, double stddev = 1, double low = -2,
                      double high = 2, Generator& generator = default_generator());

/// Saxe et al. 2014: a random orthogonal matrix times `gain`, uniform over all of them. Of
/// [out, in...] seen as [out, the rest], rows are orthonormal if there are not more than columns,
/// else columns are. Throws ShapeError below two axes.
void orthogonal(Tensor& w, double gain = 1, Generator& generator = default_generator());

/// Martens 2010: normal, with a share of zeros, the next whole number of them, in each column of
/// [out, in]. Throws ShapeError for other than two axes and ValueError for a share outside of
/// [0, 1] and a stddev below 0.
void sparse(Tensor& w, double share, double stddev = 0.01,
            Generator& generator = default_generator());

/// The identity, of [out, in]. Throws ShapeError for other than two axes.
void eye(Tensor& w);

/// A convolution [out, kernel..., in] with one to three kernel axes that hands as many channels
/// through as it can, in each of `groups`. Throws ShapeError, and ValueError where the groups do
/// not divide `out`.
void dirac(Tensor& w, int64_t groups = 1);

/// One of the above by its name, with its defaults: constant (0), ones, uniform, normal,
/// xavier_uniform, xavier_normal, he_uniform and he_normal (PyTorch's kaiming, for relu),
/// textbook_xavier and textbook_he (see fan_in_uniform), fan_sum_uniform, truncated_normal,
/// orthogonal, sparse (a tenth), eye, dirac. Throws ValueError naming them for another name, and
/// what the rule throws.
void by_name(std::string_view name, Tensor& w, Generator& generator = default_generator());

/// The names that by_name takes.
std::vector<std::string> names();

/// What PyTorch's Linear and Conv layers start from: weight and bias uniform within
/// 1 / sqrt(fan in). `bias` may be undefined.
void torch_default(Tensor& weight, Tensor& bias, Generator& generator = default_generator());

}  // namespace strata::nn::init
