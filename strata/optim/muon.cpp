#include "strata/optim/muon.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/matmul.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "strata/optim/sweep.h"
#include "strata/tape/grad_mode.h"

namespace strata {
namespace {

/// The buffer after a step.
template <class T>
struct Mixed {
  T fresh;

  T operator()(T buffer, T g) const { return buffer + fresh * (g - buffer); }
};

template <class T>
void mix(const kernels::OptimPart& part, double momentum, bool nesterov, T* out) {
  const Mixed<T> mixed{static_cast<T>(1 - momentum)};
  const T share = static_cast<T>(momentum);
  const auto* g = static_cast<const T*>(part.grad);
  const auto* buffer = static_cast<const T*>(part.state[0]);
  parallel_for(part.size, kernels::kSweepChunk, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const T next = mixed(buffer[i], g[i]);
      out[i] = nesterov ? g[i] + share * (next - g[i]) : next;
    }
  });
}

double rate_factor(MuonRate rate, const Tensor& param) {
  const auto rows = static_cast<double>(param.size(0)),
             columns = static_cast<double>(param.size(1));
  if (rate == MuonRate::match_rms_adamw) return 0.2 * std::sqrt(std::max(rows, columns));
  return std::sqrt(std::max(1.0, rows / columns));
}

}  // namespace

Muon::Muon(std::vector<Tensor> params, const MuonConfig& config)
    : Muon(one_group(std::move(params)), config) {}

Muon::Muon(std::vector<ParamGroup> groups, const MuonConfig& config)
    : Optimizer("Muon", std::move(groups),
                {.lr = config.lr, .weight_decay = config.weight_decay, .momentum = config.momentum},
                {.tensors = {"momentum_buffer"},
                 .options = {"weight_decay", "momentum"},
                 .counts_steps = false,
                 .rank = 2}),
      config_(config) {
  require_not_negative("eps", config.eps);
  if (config.steps < 0 || config.steps >= 100) out_of_range("steps", config.steps);
}

Tensor Muon::orthogonalized(const Tensor& x) const {
  const bool tall = x.size(0) > x.size(1);
  const auto [a, b, c] = config_.coefficients;
  Tensor y = config_.bf16 ? cast(x, DType::bf16) : x;
  if (tall) y = transpose(y, 0, 1);
  y = y / maximum(norm(y), config_.eps);
  for (int i = 0; i < config_.steps; ++i) {
    const Tensor gram = matmul(y, transpose(y, 0, 1));
    y = a * y + matmul(b * gram + c * matmul(gram, gram), y);
  }
  return cast(contiguous(tall ? transpose(y, 0, 1) : y), x.dtype());
}

/// The products take memory, so they are made before any parameter changes.
void Muon::prepare(const Options& o, std::span<const kernels::OptimPart> parts, ParamOf param_of) {
  const NoGrad no_grad;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Tensor& param = param_of(i);
    Tensor direction = empty(param.shape(), param.dtype(), param.device());
    on_cpu(name(), param, [&](Cpu) {
      if (direction.dtype() == DType::f64) {
        mix(parts[i], o.momentum, config_.nesterov, direction.data<double>());
      } else {
        mix(parts[i], o.momentum, config_.nesterov, direction.data<float>());
      }
    });
    direction = orthogonalized(direction) * rate_factor(config_.rate, param);
    directions_.insert_or_assign(parts[i].param, std::move(direction));
  }
}

void Muon::update(const Options& o, const Tensor& like, std::span<const kernels::OptimPart> parts) {
  on_cpu(name(), like, [&](Cpu) {
    const auto move = [&]<class T>(T) {
      const Mixed<T> mixed{static_cast<T>(1 - o.momentum)};
      const T shrink = static_cast<T>(1 - o.lr * o.weight_decay), lr = static_cast<T>(o.lr);
      kernels::for_sweep_chunks(parts, [&](const kernels::SweepChunk& c) {
        const kernels::OptimPart& part = parts[c.part];
        const T* direction = directions_.at(part.param).template data<T>() + c.begin;
        const auto rule = [&](T& p, T g, T& buffer) {
          buffer = mixed(buffer, g);
          p = p * shrink - lr * *direction++;
        };
        update_elements<1, T>(rule, part, c.begin, c.end);
      });
    };
    if (like.dtype() == DType::f64) {
      move(0.0);
    } else {
      move(0.0f);
    }
  });
  for (const kernels::OptimPart& part : parts) directions_.erase(part.param);
}

}  // namespace strata
