#include "strata/optim/clip.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/clip.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

/// The gradients of the parameters that have one, dtype by dtype.
class Gradients {
 public:
  Gradients(const char* name, std::span<const Tensor> params) : name_(name) {
    for (const Tensor& p : params) {
      Tensor g = p.grad();
      if (!g.defined()) continue;
      internal::check_same_device(name, p, g);
      if (g.is_meta()) continue;
      if (g.dtype() != DType::f32 && g.dtype() != DType::f64) {
        throw DTypeError(name_, fmt::format("gradients are f32 or f64, one is {}", describe(g)));
      }
      if (!g.is_contiguous()) {  // an expanded one could not be written
        g = copy(g.detach());
        Tensor(p).set_grad(g);
      }
      lists_[g.dtype() == DType::f64].push_back(std::move(g));
    }
  }

  /// Calls kernel(cpu, dtype, parts) for each dtype there is.
  template <class Kernel>
  void visit(Kernel kernel) {
    for (std::vector<Tensor>& grads : lists_) {
      if (grads.empty()) continue;
      on_cpu(name_, grads[0], [&](Cpu cpu) {
        std::vector<kernels::ArrayPart> parts;
        for (Tensor& g : grads) parts.push_back({g.raw(), g.numel()});
        kernel(cpu, grads[0].dtype(), parts);
      });
    }
  }

  template <class Kernel>
  void write(Kernel kernel) {
    visit(kernel);
    for (std::vector<Tensor>& grads : lists_) {
      for (Tensor& g : grads) g.bump_version();
    }
  }

 private:
  const char* name_;
  std::vector<Tensor> lists_[2];
};

}  // namespace

double clip_grad_norm_(std::span<const Tensor> params, double max_norm,
                       const ClipNormOptions& options) {
  const double order = options.norm_type;
  if (!(max_norm >= 0)) {
    throw ValueError("clip_grad_norm_", fmt::format("max_norm must be >= 0, got {}", max_norm));
  }
  if (!(order > 0)) {
    throw ValueError("clip_grad_norm_", fmt::format("norm_type must be > 0, got {}", order));
  }
  Gradients grads("clip_grad_norm_", params);
  double norm = 0;
  grads.visit([&](Cpu cpu, DType dtype, std::span<const kernels::ArrayPart> parts) {
    const double s = kernels::power_sum(cpu, dtype, order, parts);
    if (!std::isinf(order)) {
      norm += s;
    } else if (s > norm || std::isnan(s)) {
      norm = s;
    }
  });
  if (order == 2) {
    norm = std::sqrt(norm);
  } else if (!std::isinf(order)) {
    norm = std::pow(norm, 1 / order);
  }
  if (options.error_if_nonfinite && !std::isfinite(norm)) {
    throw NumericError("clip_grad_norm_", fmt::format("the norm of the gradients is {}", norm));
  }
  const double factor = max_norm / (norm + 1e-6);  // PyTorch's guard against a norm of 0
  if (factor >= 1) return norm;                    // not for NaN, which spreads
  grads.write([&](Cpu cpu, DType dtype, std::span<const kernels::ArrayPart> parts) {
    kernels::scale(cpu, dtype, factor, parts);
  });
  return norm;
}

void clip_grad_value_(std::span<const Tensor> params, double limit) {
  if (!(limit >= 0)) {
    throw ValueError("clip_grad_value_", fmt::format("the limit must be >= 0, got {}", limit));
  }
  Gradients("clip_grad_value_", params)
      .write([&](Cpu cpu, DType dtype, std::span<const kernels::ArrayPart> parts) {
        kernels::clamp(cpu, dtype, limit, parts);
      });
}

}  // namespace strata
