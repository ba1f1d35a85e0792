#include "strata/nn/init.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "strata/base/error.h"
#include "strata/kernels/copy.h"
#include "strata/kernels/random.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/tensor/on_device.h"

namespace strata::nn::init {
namespace {

thread_local bool t_unwritten = false;

void check_writable(const char* name, const Tensor& w) {
  if (!is_floating(w.dtype())) {
    throw DTypeError(name, fmt::format("needs a floating tensor, got {}", describe(w)));
  }
  if (w.node() && !w.node()->is_leaf()) {
    throw GradError(name, describe(w) + " is the result of a recorded op",
                    "initialise the parameter itself");
  }
  internal::check_elements_apart(name, w);
}

/// Calls fill(cpu, values) with a contiguous tensor whose values then are w's.
template <class Fill>
void write(const char* name, Tensor& w, Fill fill) {
  check_writable(name, w);
  on_cpu(name, w, [&](Cpu cpu) {
    Tensor values = w.is_contiguous() ? w.detach() : empty_like(w);
    fill(cpu, values);
    if (!w.is_contiguous()) kernels::copy(cpu, values, w);
  });
  w.bump_version();
}

/// Writes values that were worked out in f64.
void write_values(const char* name, Tensor& w, const std::vector<double>& from) {
  write(name, w,
        [&](Cpu cpu, Tensor& values) { kernels::copy(cpu, tensor(from, w.shape()), values); });
}

/// Random numbers in f64, for rules that go on working with them; zeros on the meta device.
enum class Draw { uniform, normal };
std::vector<double> draws(const Tensor& w, Draw kind, Generator& generator) {
  const uint64_t stream = generator.next_stream();
  std::vector<double> out(static_cast<size_t>(w.is_meta() ? 0 : w.numel()));
  if (w.is_meta()) return out;
  Tensor values = empty({w.numel()}, DType::f64);
  if (kind == Draw::uniform) {
    kernels::uniform(Cpu{}, generator.seed, stream, 0, 1, values);
  } else {
    kernels::normal(Cpu{}, generator.seed, stream, 0, 1, values);
  }
  return values.to_vector<double>();
}

void require_two_axes(const char* name, const Tensor& w) {
  if (w.rank() != 2) throw ShapeError(name, describe(w) + " has other than two axes");
}

void require_stddev(const char* name, double stddev) {
  if (stddev >= 0) return;
  throw ValueError(name, fmt::format("the stddev must not be below 0, got {}", stddev));
}

double normal_below(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }

/// The x between low and high, both at or below 0 or on its two sides, below which a share `p` of
/// the normal distribution lies.
double normal_quantile(double p, double low, double high) {
  for (int i = 0; i < 200 && high - low > 1e-15 * (1 + std::abs(low)); ++i) {
    const double middle = (low + high) / 2;
    (normal_below(middle) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

/// Makes `rows` vectors of length `length` orthonormal, one after the other (Gram and Schmidt,
/// twice, which is enough: Giraud et al. 2005).
void orthonormalise(std::vector<double>& m, int64_t rows, int64_t length) {
  const auto row = [&](int64_t i) { return m.data() + i * length; };
  const auto dot = [&](const double* a, const double* b) {
    return std::inner_product(a, a + length, b, 0.0);
  };
  for (int64_t i = 0; i < rows; ++i) {
    double* a = row(i);
    for (int pass = 0; pass < 2; ++pass) {
      for (int64_t j = 0; j < i; ++j) {
        const double part = dot(a, row(j));
        for (int64_t k = 0; k < length; ++k) a[k] -= part * row(j)[k];
      }
    }
    const double scale = 1 / std::sqrt(dot(a, a));
    for (int64_t k = 0; k < length; ++k) a[k] *= scale;
  }
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

UnwrittenScope::UnwrittenScope() : before_(std::exchange(t_unwritten, true)) {}
UnwrittenScope::~UnwrittenScope() { t_unwritten = before_; }

bool unwritten() { return t_unwritten; }

void constant(Tensor& w, double value) {
  write("constant", w, [&](Cpu cpu, Tensor& values) { kernels::fill(cpu, value, values); });
}

void uniform(Tensor& w, double low, double high, Generator& generator) {
  // Without elements the bounds that follow from the fans are infinite.
  if (!(low <= high) || (w.numel() > 0 && !std::isfinite(high - low))) {
    throw ValueError("uniform", fmt::format("[{}, {}) is no range", low, high));
  }
  const uint64_t stream = generator.next_stream();
  if (t_unwritten) return;
  write("uniform", w, [&](Cpu cpu, Tensor& values) {
    kernels::uniform(cpu, generator.seed, stream, low, high, values);
  });
}

void normal(Tensor& w, double mean, double stddev, Generator& generator) {
  require_stddev("normal", stddev);
  const uint64_t stream = generator.next_stream();
  if (t_unwritten) return;
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

void fan_in_uniform(Tensor& w, double c, Generator& generator) {
  const double bound = c / std::sqrt(fan_of(w, FanMode::in));
  uniform(w, -bound, bound, generator);
}

void fan_sum_uniform(Tensor& w, double c, Generator& generator) {
  const double bound = c / std::sqrt(fan_of(w, FanMode::in) + fan_of(w, FanMode::out));
  uniform(w, -bound, bound, generator);
}

void truncated_normal(Tensor& w, double mean, double stddev, double low, double high,
                      Generator& generator) {
  double a = (low - mean) / stddev, b = (high - mean) / stddev;
  // Both bounds on the right: mirrored, where small shares are exact.
  const bool mirrored = a > 0;
  if (mirrored) a = -std::exchange(b, -a);
  const double below = normal_below(a), share = normal_below(b) - below;
  if (!(stddev > 0) || !(low < high) || !(share > 0)) {
    throw ValueError("truncated_normal",
                     fmt::format("a normal distribution of mean {} and stddev {} has no part in "
                                 "[{}, {}]",
                                 mean, stddev, low, high));
  }
  const double left = std::max(a, -40.0), right = std::min(b, 40.0);
  std::vector<double> values = draws(w, Draw::uniform, generator);
  for (double& v : values) {
    const double x = normal_quantile(below + v * share, left, right);
    v = std::clamp(mean + stddev * (mirrored ? -x : x), low, high);
  }
  write_values("truncated_normal", w, values);
}

void orthogonal(Tensor& w, double gain, Generator& generator) {
  if (w.rank() < 2) throw ShapeError("orthogonal", describe(w) + " has less than two axes");
  std::vector<double> values = draws(w, Draw::normal, generator);
  const int64_t rows = w.size(0), columns = rows > 0 ? w.numel() / rows : 0;
  if (!values.empty() && rows <= columns) {
    orthonormalise(values, rows, columns);
  } else if (!values.empty()) {
    std::vector<double> turned(values);
    orthonormalise(turned, columns, rows);
    for (int64_t i = 0; i < rows * columns; ++i) {
      values[static_cast<size_t>(i)] =
          turned[static_cast<size_t>(i % columns * rows + i / columns)];
    }
  }
  for (double& v : values) v *= gain;
  write_values("orthogonal", w, values);
}

void sparse(Tensor& w, double share, double stddev, Generator& generator) {
  require_two_axes("sparse", w);
  if (!(share >= 0 && share <= 1)) {
    throw ValueError("sparse", fmt::format("the share must lie in [0, 1], got {}", share));
  }
  require_stddev("sparse", stddev);
  std::vector<double> values = draws(w, Draw::normal, generator);
  for (double& v : values) v *= stddev;
  const int64_t rows = w.size(0), columns = w.size(1);
  const auto zeros = static_cast<int64_t>(std::ceil(share * static_cast<double>(rows)));
  std::vector<int64_t> order(static_cast<size_t>(rows));
  for (int64_t column = 0; column < columns && !values.empty(); ++column) {
    std::iota(order.begin(), order.end(), 0);
    for (int64_t i = 0; i < zeros; ++i) {
      const auto left = static_cast<uint64_t>(rows - i);
      const auto chosen = static_cast<size_t>(i) + generator.below(left);
      std::swap(order[static_cast<size_t>(i)], order[chosen]);
      values[static_cast<size_t>(order[static_cast<size_t>(i)] * columns + column)] = 0;
    }
  }
  write_values("sparse", w, values);
}

void eye(Tensor& w) {
  require_two_axes("eye", w);
  if (w.is_meta()) return;
  std::vector<double> values(static_cast<size_t>(w.numel()));
  for (int64_t i = 0; i < std::min(w.size(0), w.size(1)); ++i) {
    values[static_cast<size_t>(i * w.size(1) + i)] = 1;
  }
  write_values("eye", w, values);
}

void dirac(Tensor& w, int64_t groups) {
  if (w.rank() < 3 || w.rank() > 5) {
    throw ShapeError("dirac", describe(w) + " is no convolution's weight");
  }
  if (groups < 1 || w.size(0) % groups != 0) {
    throw ValueError("dirac",
                     fmt::format("{} groups do not divide {} channels", groups, w.size(0)));
  }
  if (w.is_meta()) return;
  int64_t centre = 0, field = 1;
  for (int i = 1; i + 1 < w.rank(); ++i) {
    centre = centre * w.size(i) + w.size(i) / 2;
    field *= w.size(i);
  }
  const int64_t in = w.size(-1), out = w.size(0) / groups;
  std::vector<double> values(static_cast<size_t>(w.numel()));
  for (int64_t g = 0; g < groups; ++g) {
    for (int64_t c = 0; c < std::min(out, in); ++c) {
      values[static_cast<size_t>(((g * out + c) * field + centre) * in + c)] = 1;
    }
  }
  write_values("dirac", w, values);
}

namespace {

using Rule = void (*)(Tensor&, Generator&);

const std::vector<std::pair<std::string_view, Rule>>& rules() {
  static constexpr KaimingOptions kHe = {.nonlinearity = Nonlinearity::relu};
  static const std::vector<std::pair<std::string_view, Rule>> kRules = {
      {"constant", [](Tensor& w, Generator&) { constant(w, 0); }},
      {"ones", [](Tensor& w, Generator&) { constant(w, 1); }},
      {"uniform", [](Tensor& w, Generator& g) { uniform(w, 0, 1, g); }},
      {"normal", [](Tensor& w, Generator& g) { normal(w, 0, 1, g); }},
      {"xavier_uniform", [](Tensor& w, Generator& g) { xavier_uniform(w, 1, g); }},
      {"xavier_normal", [](Tensor& w, Generator& g) { xavier_normal(w, 1, g); }},
      {"he_uniform", [](Tensor& w, Generator& g) { kaiming_uniform(w, kHe, g); }},
      {"he_normal", [](Tensor& w, Generator& g) { kaiming_normal(w, kHe, g); }},
      {"textbook_xavier", [](Tensor& w, Generator& g) { fan_in_uniform(w, 1, g); }},
      {"textbook_he", [](Tensor& w, Generator& g) { fan_in_uniform(w, 2, g); }},
      {"fan_sum_uniform", [](Tensor& w, Generator& g) { fan_sum_uniform(w, 1, g); }},
      {"truncated_normal", [](Tensor& w, Generator& g) { truncated_normal(w, 0, 1, -2, 2, g); }},
      {"orthogonal", [](Tensor& w, Generator& g) { orthogonal(w, 1, g); }},
      {"sparse", [](Tensor& w, Generator& g) { sparse(w, 0.1, 0.01, g); }},
      {"eye", [](Tensor& w, Generator&) { eye(w); }},
      {"dirac", [](Tensor& w, Generator&) { dirac(w); }},
  };
  return kRules;
}

}  // namespace

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto& [name, rule] : rules()) out.emplace_back(name);
  return out;
}

void by_name(std::string_view name, Tensor& w, Generator& generator) {
  for (const auto& [known, rule] : rules()) {
    if (known == name) return rule(w, generator);
  }
  throw ValueError("init", fmt::format("no initialiser \"{}\"", name),
                   fmt::format("there are {}", fmt::join(names(), ", ")));
}

void torch_default(Tensor& weight, Tensor& bias, Generator& generator) {
  const double bound = 1 / std::sqrt(fan_of(weight, FanMode::in));
  uniform(weight, -bound, bound, generator);
  if (bias.defined()) uniform(bias, -bound, bound, generator);
}

}  // namespace strata::nn::init
