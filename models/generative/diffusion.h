#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "models/generative/denoiser.h"
#include "strata/base/random.h"

namespace strata::models {

/// How images turn into noise, step by step: at step t (from 0) an image x is
/// sqrt(signal(t)) x + sqrt(1 - signal(t)) noise. All in f64. Ho, Jain and Abbeel, "Denoising
/// diffusion probabilistic models", 2020.
class NoiseSchedule {
 public:
  /// Throws ValueError unless every beta is in (0, 1).
  explicit NoiseSchedule(std::vector<double> betas);
  /// Betas that rise evenly from `first` to `last`. Throws ValueError below 1 step.
  static NoiseSchedule linear(int64_t steps, double first = 1e-4, double last = 0.02);
  /// Signals that fall as cos^2((t / steps + s) / (1 + s) pi / 2), betas at most `most` (Nichol and
  /// Dhariwal, "Improved denoising diffusion probabilistic models", 2021).
  static NoiseSchedule cosine(int64_t steps, double s = 0.008, double most = 0.999);

  int64_t steps() const { return static_cast<int64_t>(betas_.size()); }
  double beta(int64_t t) const { return betas_[static_cast<size_t>(t)]; }
  /// The product of 1 - beta up to step t; 1 for t = -1, the image itself.
  double signal(int64_t t) const { return t < 0 ? 1 : signals_[static_cast<size_t>(t)]; }
  /// What one step from `before` to t would take for its beta: 1 - signal(t) / signal(before).
  double beta_between(int64_t before, int64_t t) const;
  /// Variance of the step from t back to `before` where the image is known:
  /// (1 - signal(before)) / (1 - signal(t)) beta_between(before, t).
  double posterior_variance(int64_t t, int64_t before) const;

  /// Images x [N, ...] at the steps t, i64[N], with that noise. Throws IndexError for a step that
  /// there is not.
  Tensor noised(const Tensor& x, const Tensor& t, const Tensor& noise) const;

 private:
  std::vector<double> betas_, signals_;
};

/// One step back from t to `before`, given the noise that a network sees in images x of step t.
/// `clip` bounds the image that is seen through the noise to [-1, 1]. `fresh` is new normal noise,
/// undefined where none is added.
struct BackStep {
  int64_t t = 0, before = -1;
  bool clip = true;
  /// Of the ancestral step's noise: beta itself instead of the variance where the image is known,
  /// the two choices of Ho et al., 3.2.
  bool large_variance = false;
};
/// The mean of the posterior, and `fresh` scaled by its deviation (Ho et al., algorithm 2; for
/// steps left out the same with the betas between).
Tensor ancestral_step(const NoiseSchedule& schedule, const BackStep& step, const Tensor& x,
                      const Tensor& noise, const Tensor& fresh);
/// Song, Meng and Ermon, "Denoising diffusion implicit models", 2021, equation 12; eta = 0 adds no
/// noise, eta = 1 as much as the ancestral step. Where the image is clipped, the noise is what then
/// is left of x, so that both still add up to x.
Tensor ddim_step(const NoiseSchedule& schedule, const BackStep& step, const Tensor& x,
                 const Tensor& noise, double eta, const Tensor& fresh);

enum class Sampler { ddim, ancestral };

struct DiffusionSampling {
  Sampler sampler = Sampler::ddim;
  int64_t steps = 50;  ///< evenly spread over the schedule's, both ends among them
  double eta = 0;      ///< of ddim
  bool clip = true;
  bool large_variance = false;  ///< of the ancestral sampler, see BackStep
  /// Told of each step; says whether to go on.
  std::function<bool(int64_t step, int64_t steps)> progress = {};
};

/// The steps of the schedule that are visited, the noisiest first.
std::vector<int64_t> sampled_steps(int64_t schedule_steps, int64_t steps);

/// Draws images of `shape` [N, H, W, C], in [-1, 1] where clipped; from noise alone, in the order
/// of the generator. Stops early, with what there is, when `progress` says so. Throws ValueError
/// for fewer than 1 step and more than the schedule has.
Tensor sample(Denoiser& model, const NoiseSchedule& schedule, const Shape& shape,
              const DiffusionSampling& options, Generator& generator);

}  // namespace strata::models
