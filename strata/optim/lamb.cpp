#include "strata/optim/lamb.h"

#include <cmath>
#include <utility>

#include "strata/optim/sweep.h"

namespace strata {
namespace {

struct LambOptions {
  double lr, beta1, beta2, eps, weight_decay;
  bool maximize;
};

/// The step of one element before it is scaled, from the means as they are.
template <class T>
struct LambStep {
  T unbias1, unbias2, eps, decay;

  T operator()(T p, T mean, T squares) const {
    return mean / unbias1 / (std::sqrt(squares / unbias2) + eps) + decay * p;
  }
};

template <class T>
class LambSweep {
 public:
  LambSweep(const LambOptions& options, std::span<const kernels::OptimPart> parts)
      : options_(options), parts_(parts) {}

  /// `squares` has room for each chunk.
  void run(std::span<LAMB::Squares> squares) const {
    kernels::for_sweep_chunks(parts_, [&](const kernels::SweepChunk& c) {
      squares[static_cast<size_t>(c.number)] = take_gradients(c);
    });
    // The first chunk of each part gathers those of the whole part.
    size_t at = 0;
    for (const kernels::OptimPart& part : parts_) {
      const auto count = static_cast<size_t>(kernels::sweep_chunks_of(part.size));
      for (size_t i = 1; i < count; ++i) {
        squares[at].param += squares[at + i].param;
        squares[at].step += squares[at + i].step;
      }
      at += count;
    }
    kernels::for_sweep_chunks(parts_, [&](const kernels::SweepChunk& c) {
      const auto& s = squares[static_cast<size_t>(c.number - c.begin / kernels::kSweepChunk)];
      const double ratio = s.param > 0 && s.step > 0 ? std::sqrt(s.param / s.step) : 1;
      move(c, static_cast<T>(options_.lr * ratio));
    });
  }

 private:
  LambStep<T> step_of(const kernels::OptimPart& part) const {
    const auto steps = static_cast<double>(part.step);
    return {static_cast<T>(1 - std::pow(options_.beta1, steps)),
            static_cast<T>(1 - std::pow(options_.beta2, steps)), static_cast<T>(options_.eps),
            static_cast<T>(options_.weight_decay)};
  }

  LAMB::Squares take_gradients(const kernels::SweepChunk& chunk) const {
    const kernels::OptimPart& part = parts_[chunk.part];
    const LambStep<T> step = step_of(part);
    const T fresh1 = static_cast<T>(1 - options_.beta1), beta2 = static_cast<T>(options_.beta2),
            fresh2 = static_cast<T>(1 - options_.beta2);
    const bool maximize = options_.maximize;
    LAMB::Squares sums;
    const auto rule = [&](T p, T g, T& mean, T& squares) {
      if (maximize) g = -g;
      mean += fresh1 * (g - mean);
      squares = beta2 * squares + fresh2 * g * g;
      const double r = step(p, mean, squares);
      sums.param += static_cast<double>(p) * p;
      sums.step += r * r;
    };
    update_elements<2, T>(rule, part, chunk.begin, chunk.end);
    return sums;
  }

  void move(const kernels::SweepChunk& chunk, T rate) const {
    const auto rule = [step = step_of(parts_[chunk.part]), rate](T& p, T, T mean, T squares) {
      p -= rate * step(p, mean, squares);
    };
    update_elements<2, T>(rule, parts_[chunk.part], chunk.begin, chunk.end);
  }

  LambOptions options_;
  std::span<const kernels::OptimPart> parts_;
};

}  // namespace

LAMB::LAMB(std::vector<Tensor> params, const LAMBConfig& config)
    : LAMB(one_group(std::move(params)), config) {}

LAMB::LAMB(std::vector<ParamGroup> groups, const LAMBConfig& config)
    : Optimizer("LAMB", std::move(groups),
                {config.lr, config.weight_decay, config.beta1, config.beta2, config.eps},
                {.tensors = {"exp_avg", "exp_avg_sq"},
                 .options = {"weight_decay", "beta1", "beta2", "eps"}}),
      config_(config) {}

void LAMB::prepare(const Options& /*options*/, std::span<const kernels::OptimPart> parts,
                   ParamOf /*param_of*/) {
  const auto chunks = static_cast<size_t>(kernels::count_sweep_chunks(parts));
  if (squares_.size() < chunks) squares_.resize(chunks);
}

void LAMB::update(const Options& o, const Tensor& like, std::span<const kernels::OptimPart> parts) {
  const LambOptions options{o.lr, o.momentum, o.beta2, o.eps, o.weight_decay, config_.maximize};
  on_cpu(name(), like, [&](Cpu) {
    if (like.dtype() == DType::f64) {
      LambSweep<double>(options, parts).run(squares_);
    } else {
      LambSweep<float>(options, parts).run(squares_);
    }
  });
}

}  // namespace strata
