#include "models/generative/diffusion.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::models {
namespace {

void check_steps(const char* op, int64_t steps) {
  if (steps < 1) throw ValueError(op, fmt::format("{} steps are fewer than 1", steps));
}

/// Values of each image, shaped to be multiplied with the images.
Tensor by_image(const std::vector<double>& values, const Tensor& images) {
  Shape shape = images.shape();
  std::fill(shape.begin() + 1, shape.end(), 1);
  return cast(tensor(values, shape), images.dtype());
}

/// The image seen through the noise.
Tensor seen(const NoiseSchedule& schedule, const BackStep& step, const Tensor& x,
            const Tensor& noise) {
  const double signal = schedule.signal(step.t);
  const Tensor image = (x - noise * std::sqrt(1 - signal)) * (1 / std::sqrt(signal));
  return step.clip ? clamp(image, -1, 1) : image;
}

}  // namespace

NoiseSchedule::NoiseSchedule(std::vector<double> betas) : betas_(std::move(betas)) {
  double signal = 1;
  for (double beta : betas_) {
    if (!(beta > 0 && beta < 1)) {
      throw ValueError("NoiseSchedule", fmt::format("a beta of {} is not in (0, 1)", beta));
    }
    signals_.push_back(signal *= 1 - beta);
  }
}

NoiseSchedule NoiseSchedule::linear(int64_t steps, double first, double last) {
  check_steps("NoiseSchedule", steps);
  std::vector<double> betas(static_cast<size_t>(steps));
  const double all = steps > 1 ? static_cast<double>(steps - 1) : 1;
  for (size_t t = 0; t < betas.size(); ++t) {
    betas[t] = first + (last - first) * (static_cast<double>(t) / all);
  }
  return NoiseSchedule(std::move(betas));
}

NoiseSchedule NoiseSchedule::cosine(int64_t steps, double s, double most) {
  check_steps("NoiseSchedule", steps);
  const auto signal = [&](int64_t t) {
    const double part = static_cast<double>(t) / static_cast<double>(steps);
    const double c = std::cos((part + s) / (1 + s) * std::numbers::pi / 2);
    return c * c;
  };
  std::vector<double> betas;
  for (int64_t t = 0; t < steps; ++t) {
    betas.push_back(std::min(1 - signal(t + 1) / signal(t), most));
  }
  return NoiseSchedule(std::move(betas));
}

double NoiseSchedule::beta_between(int64_t before, int64_t t) const {
  return before == t - 1 ? beta(t) : 1 - signal(t) / signal(before);
}

double NoiseSchedule::posterior_variance(int64_t t, int64_t before) const {
  return beta_between(before, t) * (1 - signal(before)) / (1 - signal(t));
}

Tensor NoiseSchedule::noised(const Tensor& x, const Tensor& t, const Tensor& noise) const {
  std::vector<double> kept, added;
  for (int64_t step : t.to_vector<int64_t>()) {
    if (step < 0 || step >= steps()) {
      throw IndexError("NoiseSchedule", fmt::format("step {} is not in [0, {})", step, steps()));
    }
    kept.push_back(std::sqrt(signal(step)));
    added.push_back(std::sqrt(1 - signal(step)));
  }
  return x * by_image(kept, x) + noise * by_image(added, x);
}

Tensor ancestral_step(const NoiseSchedule& schedule, const BackStep& step, const Tensor& x,
                      const Tensor& noise, const Tensor& fresh) {
  const double signal = schedule.signal(step.t), before = schedule.signal(step.before);
  const double beta = schedule.beta_between(step.before, step.t);
  const double of_image = std::sqrt(before) * beta / (1 - signal);
  const double of_x = std::sqrt(1 - beta) * (1 - before) / (1 - signal);
  const Tensor mean = seen(schedule, step, x, noise) * of_image + x * of_x;
  if (!fresh.defined()) return mean;
  return mean + fresh * std::sqrt(step.large_variance
                                      ? beta
                                      : schedule.posterior_variance(step.t, step.before));
}

Tensor ddim_step(const NoiseSchedule& schedule, const BackStep& step, const Tensor& x,
                 const Tensor& noise, double eta, const Tensor& fresh) {
  const double signal = schedule.signal(step.t), before = schedule.signal(step.before);
  const double variance = eta * eta * schedule.posterior_variance(step.t, step.before);
  const Tensor image = seen(schedule, step, x, noise);
  const Tensor rest =
      step.clip ? (x - image * std::sqrt(signal)) * (1 / std::sqrt(1 - signal)) : noise;
  const Tensor y =
      image * std::sqrt(before) + rest * std::sqrt(std::max(0.0, 1 - before - variance));
  return fresh.defined() && eta > 0 ? y + fresh * std::sqrt(variance) : y;
}

std::vector<int64_t> sampled_steps(int64_t schedule_steps, int64_t steps) {
  check_steps("sample", steps);
  if (steps > schedule_steps) {
    throw ValueError(
        "sample", fmt::format("{} steps are more than the schedule's {}", steps, schedule_steps));
  }
  std::vector<int64_t> out;
  for (int64_t i = steps; i-- > 0;) {
    const double part = steps > 1 ? static_cast<double>(i) / static_cast<double>(steps - 1) : 1;
    out.push_back(std::llround(part * static_cast<double>(schedule_steps - 1)));
  }
  return out;
}

Tensor sample(Denoiser& model, const NoiseSchedule& schedule, const Shape& shape,
              const DiffusionSampling& options, Generator& generator) {
  const std::vector<int64_t> visited = sampled_steps(schedule.steps(), options.steps);
  const NoGrad no_grad;
  Tensor x = randn(shape, 0, 1, DType::f32, kCpu, generator);
  for (size_t i = 0; i < visited.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    if (options.progress && !options.progress(at, options.steps)) return x;
    const bool last = i + 1 == visited.size();
    const BackStep step{.t = visited[i],
                        .before = last ? -1 : visited[i + 1],
                        .clip = options.clip,
                        .large_variance = options.large_variance};
    const Tensor noise = model(x, full({shape[0]}, static_cast<double>(step.t)));
    Tensor fresh;
    if (!last && (options.sampler == Sampler::ancestral || options.eta > 0)) {
      fresh = randn(shape, 0, 1, DType::f32, kCpu, generator);
    }
    x = options.sampler == Sampler::ddim ? ddim_step(schedule, step, x, noise, options.eta, fresh)
                                         : ancestral_step(schedule, step, x, noise, fresh);
  }
  return x;
}

}  // namespace strata::models
