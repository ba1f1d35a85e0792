#include "strata/optim/lamb.h"

#include <cmath>
#include <utility>

#include "strata/optim/sweep.h"

namespace strata {
namespace {

/// The step of one element before it is scaled, from the means as they are.
template <class T>
struct LambStep {
  T unbias1, unbias2, eps, decay;

  T operator()(T p, T mean, T squares) const {
    return mean / unbias1 / (std::sqrt(squares / unbias2) + eps) + decay * p;
  }
};

/// Squared norms of a parameter and of its step.
struct Squares {
  double param = 0, step = 0;
};

template <class T>
class LambSweep {
 public:
  LambSweep(const LAMBConfig& config, double lr, double beta1, double decay,
            std::span<const kernels::OptimPart> parts)
      : config_(config), lr_(lr), beta1_(beta1), parts_(parts) {
    for (const kernels::OptimPart& part : parts) {
      const auto steps = static_cast<double>(part.step);
      steps_.push_back({static_cast<T>(1 - std::pow(beta1, steps)),
                        static_cast<T>(1 - std::pow(config.beta2, steps)),
                        static_cast<T>(config.eps), static_cast<T>(decay)});
    }
  }

  void run() const {
    const auto chunks = kernels::sweep_chunks(parts_);
    std::vector<Squares> squares(chunks.size()), sums(parts_.size());
    kernels::for_chunks(chunks, [&](size_t i) { squares[i] = take_gradients(chunks[i]); });
    for (size_t i = 0; i < chunks.size(); ++i) {
      sums[chunks[i].part].param += squares[i].param;
      sums[chunks[i].part].step += squares[i].step;
    }
    kernels::for_chunks(chunks, [&](size_t i) {
      const Squares& s = sums[chunks[i].part];
      const double ratio = s.param > 0 && s.step > 0 ? std::sqrt(s.param / s.step) : 1;
      move(chunks[i], static_cast<T>(lr_ * ratio));
    });
  }

 private:
  Squares take_gradients(const kernels::SweepChunk& chunk) const {
    const kernels::OptimPart& part = parts_[chunk.part];
    const LambStep<T> step = steps_[chunk.part];
    const T fresh1 = static_cast<T>(1 - beta1_), beta2 = static_cast<T>(config_.beta2),
            fresh2 = static_cast<T>(1 - config_.beta2);
    const bool maximize = config_.maximize;
    Squares sums;
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
    const auto rule = [step = steps_[chunk.part], rate](T& p, T, T mean, T squares) {
      p -= rate * step(p, mean, squares);
    };
    update_elements<2, T>(rule, parts_[chunk.part], chunk.begin, chunk.end);
  }

  const LAMBConfig& config_;
  double lr_, beta1_;
  std::span<const kernels::OptimPart> parts_;
  std::vector<LambStep<T>> steps_;
};

}  // namespace

LAMB::LAMB(std::vector<Tensor> params, const LAMBConfig& config)
    : LAMB(one_group(std::move(params)), config) {}

LAMB::LAMB(std::vector<ParamGroup> groups, const LAMBConfig& config)
    : Optimizer("LAMB", std::move(groups), {config.lr, config.weight_decay, config.beta1},
                {.tensors = {"exp_avg", "exp_avg_sq"}, .momentum = true}),
      config_(config) {
  require_fraction("beta2", config.beta2);
  require_not_negative("eps", config.eps);
}

void LAMB::update(const Options& o, const Tensor& like, std::span<const kernels::OptimPart> parts) {
  on_cpu(name(), like, [&](Cpu) {
    if (like.dtype() == DType::f64) {
      LambSweep<double>(config_, o.lr, o.momentum, o.weight_decay, parts).run();
    } else {
      LambSweep<float>(config_, o.lr, o.momentum, o.weight_decay, parts).run();
    }
  });
}

}  // namespace strata
