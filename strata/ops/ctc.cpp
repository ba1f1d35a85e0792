#include "strata/ops/ctc.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/ctc.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/select.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

void check_lengths(const char* which, const std::vector<int64_t>& lengths, int64_t batch,
                   int64_t most) {
  if (static_cast<int64_t>(lengths.size()) != batch) {
    throw ShapeError("ctc_loss",
                     fmt::format("{} {}_lengths for a batch of {}", lengths.size(), which, batch));
  }
  for (const int64_t length : lengths) {
    if (length >= 0 && length <= most) continue;
    throw ValueError("ctc_loss", fmt::format("{}_lengths holds {}, which is not in [0, {}]", which,
                                             length, most));
  }
}

void check_classes(const kernels::Ctc& ctc, const Tensor& targets, int64_t classes) {
  if (targets.is_meta()) return;
  for (size_t i = 0; i < ctc.offsets.size(); ++i) {
    const int64_t* target = targets.data<int64_t>() + ctc.offsets[i];
    for (int64_t k = 0; k < ctc.target_lengths[i]; ++k) {
      if (target[k] >= 0 && target[k] < classes) continue;
      throw IndexError("ctc_loss", fmt::format("label {} of target {} is {}, outside of [0, {})", k,
                                               i, target[k], classes));
    }
  }
}

/// Throws where the arguments do not fit.
kernels::Ctc checked(const Tensor& x, const Tensor& targets,
                     const std::vector<int64_t>& input_lengths,
                     const std::vector<int64_t>& target_lengths, int64_t blank) {
  internal::check_floating("ctc_loss", x);
  if (x.rank() != 3) {
    throw ShapeError("ctc_loss",
                     fmt::format("log_probs are [steps, batch, classes], got {}", describe(x)));
  }
  const int64_t batch = x.shape()[1], classes = x.shape()[2];
  if (is_floating(targets.dtype()) || targets.dtype() == DType::boolean) {
    throw DTypeError("ctc_loss", fmt::format("targets are integers, got {}", describe(targets)));
  }
  const bool padded = targets.rank() == 2;
  if (targets.rank() != 1 && !(padded && targets.shape()[0] == batch)) {
    throw ShapeError("ctc_loss", fmt::format("targets {} do not fit log_probs {}",
                                             describe(targets), describe(x)));
  }
  internal::check_same_device("ctc_loss", x, targets);
  check_lengths("input", input_lengths, batch, x.shape()[0]);
  check_lengths("target", target_lengths, batch, targets.size(-1));
  const int64_t total = std::accumulate(target_lengths.begin(), target_lengths.end(), int64_t{0});
  if (!padded && total != targets.numel()) {
    throw ShapeError("ctc_loss", fmt::format("target_lengths add up to {}, targets are {}", total,
                                             describe(targets)));
  }
  if (blank < 0 || blank >= classes) {
    throw ValueError("ctc_loss", fmt::format("blank is {}, outside of [0, {})", blank, classes));
  }
  kernels::Ctc ctc{blank, input_lengths, target_lengths, {}};
  int64_t offset = 0;
  for (const int64_t length : target_lengths) {
    ctc.offsets.push_back(offset);
    offset += padded ? targets.size(-1) : length;
  }
  return ctc;
}

/// Losses of the samples; x of f32 or f64.
Tensor sample_losses(const Tensor& x, const Tensor& targets, kernels::Ctc ctc) {
  Tensor y = empty({x.shape()[1]}, x.dtype(), x.device(), "ctc_loss");
  on_cpu("ctc_loss", x, [&](Cpu cpu) { kernels::ctc(cpu, ctc, x, targets, y); });
  return record("ctc_loss", {x}, y,
                once([x = save(x), targets = save(targets), ctc = std::move(ctc)](const Tensor& dy,
                                                                                  Needs) -> Grads {
                  const Tensor from = x.get(), g = contiguous(dy);
                  Tensor dx = empty_like(from, "ctc_loss");
                  on_cpu("ctc_loss", from,
                         [&](Cpu cpu) { kernels::ctc_grad(cpu, ctc, from, targets.get(), g, dx); });
                  return {dx};
                }));
}

}  // namespace

Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets,
                const std::vector<int64_t>& input_lengths,
                const std::vector<int64_t>& target_lengths, const CtcOptions& options) {
  kernels::Ctc ctc = checked(log_probs, targets, input_lengths, target_lengths, options.blank);
  const Tensor labels = contiguous(cast(targets, DType::i64));
  check_classes(ctc, labels, log_probs.shape()[2]);
  const DType computed = log_probs.dtype() == DType::f64 ? DType::f64 : DType::f32;
  const Tensor x = contiguous(cast(log_probs, computed));
  Tensor losses = sample_losses(x, labels, std::move(ctc));
  if (options.zero_infinity) losses = where(isinf(losses), 0, losses);
  if (options.reduction == Reduction::mean) {
    std::vector<double> lengths;
    for (const int64_t length : target_lengths) {
      lengths.push_back(static_cast<double>(std::max<int64_t>(length, 1)));
    }
    const Tensor by = tensor(lengths, losses.shape());
    losses = losses / (losses.is_meta() ? losses : cast(by, computed));
  }
  return cast(internal::reduced(losses, options.reduction), log_probs.dtype());
}

}  // namespace strata
