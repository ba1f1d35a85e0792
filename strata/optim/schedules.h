#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace strata {

/// A learning rate, or a momentum, as a function of the step number, which counts from 0. It has no
/// state: a resumed run asks for the step it is at.
///
///   const Schedule lr = schedules::cosine({.lr = 0.1, .steps = 1000});
///   for (int64_t step = 0; step < 1000; ++step) { optimizer.set_lr(lr(step)); ... }
///
/// Where groups have rates of their own, a schedule of .lr = 1 is the factor of
/// Optimizer::scale_lr; one with a floor is made for each before the first step, from its rate.
using Schedule = std::function<double(int64_t step)>;

/// The schedules of torch.optim.lr_scheduler. The makers throw ValueError for a number out of
/// range.
namespace schedules {

Schedule constant(double lr);

struct StepConfig {
  double lr = 0.1;
  int64_t every = -1;  ///< required
  double factor = 0.1;
};
/// lr times `factor` once each `every` steps (StepLR).
Schedule step(const StepConfig& config);

struct MultistepConfig {
  double lr = 0.1;
  std::vector<int64_t> milestones;  ///< increasing
  double factor = 0.1;
};
/// lr times `factor` at each milestone (MultiStepLR).
Schedule multistep(const MultistepConfig& config);

struct ExponentialConfig {
  double lr = 0.1;
  double factor = 0.95;
};
/// lr * factor^step (ExponentialLR).
Schedule exponential(const ExponentialConfig& config);

struct CosineConfig {
  double lr = 0.1;
  int64_t steps = -1;  ///< required
  double floor = 0;
};
/// Half a cosine from lr down to `floor`, where it stays after `steps` (CosineAnnealingLR;
/// Loshchilov and Hutter 2017).
Schedule cosine(const CosineConfig& config);

struct LinearConfig {
  double lr = 0.1;
  int64_t steps = -1;  ///< required
  double start_factor = 1.0 / 3;
  double end_factor = 1;
};
/// A straight line from lr * start_factor to lr * end_factor, where it stays after `steps`
/// (LinearLR): a warm-up.
Schedule linear(const LinearConfig& config);

struct RestartsConfig {
  double lr = 0.1;
  int64_t steps = -1;  ///< required; of the first fall
  int64_t factor = 1;  ///< each fall is so many times as long as the one before
  double floor = 0;
};
/// Half cosines from lr down to `floor`, again and again (CosineAnnealingWarmRestarts; Loshchilov
/// and Hutter 2017).
Schedule cosine_restarts(const RestartsConfig& config);

struct PolynomialConfig {
  double lr = 0.1;
  int64_t steps = -1;  ///< required
  double power = 1;
};
/// lr * (1 - step / steps)^power, 0 after `steps` (PolynomialLR).
Schedule polynomial(const PolynomialConfig& config);

struct NoamConfig {
  double scale = 1;
  int64_t width = -1;   ///< required; of the model
  int64_t warmup = -1;  ///< required; steps that rise
};
/// scale / sqrt(width) * min(1 / sqrt(n), n / warmup^1.5) at step n - 1: a line up, then falling
/// with the root of the step (Vaswani et al. 2017, section 5.3, which counts steps from 1).
Schedule noam(const NoamConfig& config);

struct ConstantFactorConfig {
  double lr = 0.1;
  int64_t steps = -1;  ///< required
  double factor = 1.0 / 3;
};
/// lr * factor for `steps` steps, then lr (ConstantLR): a warm-up.
Schedule constant_factor(const ConstantFactorConfig& config);

struct OneCycleConfig {
  double max_lr = 0.1;
  int64_t steps = -1;             ///< required; of the whole run
  double warmup = 0.3;            ///< part of the run that rises (pct_start)
  bool cosine = true;             ///< half cosines; false: straight lines
  double div_factor = 25;         ///< the run begins at max_lr / div_factor
  double final_div_factor = 1e4;  ///< and ends at this part of where it began
  bool three_phase = false;       ///< falls to the beginning first, then to the end
  double base_momentum = 0.85;    ///< for one_cycle_momentum: when lr is highest
  double max_momentum = 0.95;     ///< at the beginning and the end
};
/// One rise and fall over the whole run (OneCycleLR; Smith and Topin 2019). After `steps` it keeps
/// the last value.
Schedule one_cycle(const OneCycleConfig& config);
/// The momentum, or Adam's beta1, that goes with it: for Optimizer::set_momentum.
Schedule one_cycle_momentum(const OneCycleConfig& config);

/// How the later cycles of a CyclicConfig are: alike, each half as high as the one before, or
/// `factor`^step as high.
enum class Cycles { triangular, halving, exponential };

struct CyclicConfig {
  double lr = 1e-3;      ///< at the foot of each cycle
  double max_lr = 1e-2;  ///< at the top of the first
  int64_t up = 2000;     ///< steps that rise
  int64_t down = 0;      ///< steps that fall; 0: as many
  Cycles cycles = Cycles::triangular;
  double factor = 1;           ///< of exponential
  double base_momentum = 0.8;  ///< for cyclic_momentum: at the top of the first
  double max_momentum = 0.9;   ///< at the foot of each
};
/// Straight lines up and down, again and again (CyclicLR; Smith, "Cyclical learning rates for
/// training neural networks", 2017).
Schedule cyclic(const CyclicConfig& config);
/// The momentum, or Adam's beta1, that goes with it: for Optimizer::set_momentum.
Schedule cyclic_momentum(const CyclicConfig& config);

/// lr times the product of factor(1) ... factor(step) (MultiplicativeLR). As it keeps no state,
/// each call asks for all of these. Throws ValueError for an empty function.
Schedule multiplicative(double lr, std::function<double(int64_t step)> factor);

/// The product of what the schedules give: of one with its lr and others of .lr = 1, say a warm-up
/// by `linear` and a fall by `exponential` (ChainedScheduler). Throws ValueError for an empty list
/// or schedule.
Schedule chained(std::vector<Schedule> parts);

/// One schedule after the other: part i + 1 begins, with its own step 0, at milestones[i]
/// (SequentialLR). Throws ValueError unless there is one milestone less than parts, increasing.
Schedule sequential(std::vector<Schedule> parts, std::vector<int64_t> milestones);

}  // namespace schedules
}  // namespace strata
