#include "strata/optim/schedules.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::schedules {
namespace {

void require(const char* schedule, const char* field, bool fine, double value) {
  if (!fine) throw ValueError(schedule, fmt::format("{} is out of range: {}", field, value));
}

void require_lr(const char* schedule, const char* field, double lr) {
  require(schedule, field, lr >= 0 && std::isfinite(lr), lr);
}

void require_factor(const char* schedule, const char* field, double factor) {
  require(schedule, field, factor >= 0 && std::isfinite(factor), factor);
}

void require_steps(const char* schedule, const char* field, int64_t steps) {
  require(schedule, field, steps > 0, static_cast<double>(steps));
}

void require_increasing(const char* schedule, const std::vector<int64_t>& milestones) {
  for (size_t i = 0; i < milestones.size(); ++i) {
    const int64_t before = i > 0 ? milestones[i - 1] : 0;
    if (milestones[i] > before) continue;
    throw ValueError(schedule, fmt::format("milestones must increase from above 0: {} after {}",
                                           milestones[i], before));
  }
}

void require_schedules(const char* schedule, const std::vector<Schedule>& parts) {
  if (!std::all_of(parts.begin(), parts.end(), [](const Schedule& s) { return bool(s); })) {
    throw ValueError(schedule, "one of the schedules is empty");
  }
}

/// Number of milestones at or before `step`.
int64_t passed(const std::vector<int64_t>& milestones, int64_t step) {
  return std::upper_bound(milestones.begin(), milestones.end(), step) - milestones.begin();
}

/// From `start` to `end` as `part` goes from 0 to 1.
double anneal(bool cosine, double start, double end, double part) {
  if (!cosine) return (end - start) * part + start;
  return end + (start - end) / 2 * (std::cos(std::numbers::pi * part) + 1);
}

void check(const char* schedule, const OneCycleConfig& c) {
  require_lr(schedule, "max_lr", c.max_lr);
  require_steps(schedule, "steps", c.steps);
  require(schedule, "warmup", c.warmup >= 0 && c.warmup <= 1, c.warmup);
  require(schedule, "div_factor", c.div_factor > 0, c.div_factor);
  require(schedule, "final_div_factor", c.final_div_factor > 0, c.final_div_factor);
  require(schedule, "base_momentum", c.base_momentum >= 0 && c.base_momentum < 1, c.base_momentum);
  require(schedule, "max_momentum", c.max_momentum >= 0 && c.max_momentum < 1, c.max_momentum);
}

/// A stretch of a one-cycle run: the step at which it ends and the values that it goes between.
struct Phase {
  double end_step, start, end;
};

Schedule phases(bool cosine, int64_t steps, std::vector<Phase> phases) {
  return [=, phases = std::move(phases)](int64_t at) {
    const auto step = static_cast<double>(std::min(at, steps - 1));
    double start_step = 0;
    size_t i = 0;
    for (; i + 1 < phases.size() && step > phases[i].end_step; ++i) start_step = phases[i].end_step;
    const Phase& p = phases[i];
    const double length = p.end_step - start_step;
    return anneal(cosine, p.start, p.end, length > 0 ? (step - start_step) / length : 1);
  };
}

/// The values at the beginning, at the top, between second and third phase, and at the end.
Schedule cycle(const OneCycleConfig& c, double begin, double top, double between, double end) {
  const auto steps = static_cast<double>(c.steps);
  const double rise = c.warmup * steps - 1;
  if (!c.three_phase) return phases(c.cosine, c.steps, {{rise, begin, top}, {steps - 1, top, end}});
  return phases(
      c.cosine, c.steps,
      {{rise, begin, top}, {2 * c.warmup * steps - 2, top, between}, {steps - 1, between, end}});
}

void check(const char* schedule, const CyclicConfig& c) {
  require_lr(schedule, "lr", c.lr);
  require_lr(schedule, "max_lr", c.max_lr);
  require_steps(schedule, "up", c.up);
  require(schedule, "down", c.down >= 0, static_cast<double>(c.down));
  require_factor(schedule, "factor", c.factor);
  require(schedule, "base_momentum", c.base_momentum >= 0 && c.base_momentum < 1, c.base_momentum);
  require(schedule, "max_momentum", c.max_momentum >= 0 && c.max_momentum < 1, c.max_momentum);
}

/// From `foot` to `top` and back.
Schedule waves(const CyclicConfig& c, double foot, double top) {
  const int64_t length = c.up + (c.down > 0 ? c.down : c.up);
  return [=](int64_t at) {
    const auto within = static_cast<double>(at % length);
    const auto up = static_cast<double>(c.up), whole = static_cast<double>(length);
    const double part = within <= up ? within / up : (whole - within) / (whole - up);
    double height = 1;
    if (c.cycles == Cycles::halving) height = std::exp2(-static_cast<double>(at / length));
    if (c.cycles == Cycles::exponential) height = std::pow(c.factor, static_cast<double>(at));
    return foot + (top - foot) * part * height;
  };
}

}  // namespace

Schedule constant(double lr) {
  require_lr("constant", "lr", lr);
  return [lr](int64_t) { return lr; };
}

Schedule step(const StepConfig& c) {
  require_lr("step", "lr", c.lr);
  require_steps("step", "every", c.every);
  require_factor("step", "factor", c.factor);
  return [c](int64_t at) { return c.lr * std::pow(c.factor, static_cast<double>(at / c.every)); };
}

Schedule multistep(const MultistepConfig& c) {
  require_lr("multistep", "lr", c.lr);
  require_increasing("multistep", c.milestones);
  require_factor("multistep", "factor", c.factor);
  return [c](int64_t at) {
    return c.lr * std::pow(c.factor, static_cast<double>(passed(c.milestones, at)));
  };
}

Schedule exponential(const ExponentialConfig& c) {
  require_lr("exponential", "lr", c.lr);
  require_factor("exponential", "factor", c.factor);
  return [c](int64_t at) { return c.lr * std::pow(c.factor, static_cast<double>(at)); };
}

Schedule cosine(const CosineConfig& c) {
  require_lr("cosine", "lr", c.lr);
  require_steps("cosine", "steps", c.steps);
  require_lr("cosine", "floor", c.floor);
  return [c](int64_t at) {
    const auto step = static_cast<double>(std::min(at, c.steps));
    return anneal(true, c.lr, c.floor, step / static_cast<double>(c.steps));
  };
}

Schedule linear(const LinearConfig& c) {
  require_lr("linear", "lr", c.lr);
  require_steps("linear", "steps", c.steps);
  require_factor("linear", "start_factor", c.start_factor);
  require_factor("linear", "end_factor", c.end_factor);
  return [c](int64_t at) {
    const auto step = static_cast<double>(std::min(at, c.steps));
    return c.lr * anneal(false, c.start_factor, c.end_factor, step / static_cast<double>(c.steps));
  };
}

Schedule cosine_restarts(const RestartsConfig& c) {
  require_lr("cosine_restarts", "lr", c.lr);
  require_steps("cosine_restarts", "steps", c.steps);
  require_steps("cosine_restarts", "factor", c.factor);
  require_lr("cosine_restarts", "floor", c.floor);
  return [c](int64_t at) {
    int64_t length = c.steps;
    if (c.factor == 1) at %= length;
    for (; at >= length; length *= c.factor) at -= length;
    return anneal(true, c.lr, c.floor, static_cast<double>(at) / static_cast<double>(length));
  };
}

Schedule polynomial(const PolynomialConfig& c) {
  require_lr("polynomial", "lr", c.lr);
  require_steps("polynomial", "steps", c.steps);
  require_factor("polynomial", "power", c.power);
  return [c](int64_t at) {
    const double part = static_cast<double>(std::min(at, c.steps)) / static_cast<double>(c.steps);
    return c.lr * std::pow(1 - part, c.power);
  };
}

Schedule noam(const NoamConfig& c) {
  require_lr("noam", "scale", c.scale);
  require_steps("noam", "width", c.width);
  require_steps("noam", "warmup", c.warmup);
  return [c](int64_t at) {
    const auto n = static_cast<double>(at + 1), warmup = static_cast<double>(c.warmup);
    const double rate = std::min(1 / std::sqrt(n), n / (warmup * std::sqrt(warmup)));
    return c.scale / std::sqrt(static_cast<double>(c.width)) * rate;
  };
}

Schedule constant_factor(const ConstantFactorConfig& c) {
  require_lr("constant_factor", "lr", c.lr);
  require_steps("constant_factor", "steps", c.steps);
  require_factor("constant_factor", "factor", c.factor);
  return [c](int64_t at) { return at < c.steps ? c.lr * c.factor : c.lr; };
}

Schedule one_cycle(const OneCycleConfig& c) {
  check("one_cycle", c);
  const double begin = c.max_lr / c.div_factor;
  return cycle(c, begin, c.max_lr, begin, begin / c.final_div_factor);
}

Schedule one_cycle_momentum(const OneCycleConfig& c) {
  check("one_cycle_momentum", c);
  return cycle(c, c.max_momentum, c.base_momentum, c.max_momentum, c.max_momentum);
}

Schedule cyclic(const CyclicConfig& c) {
  check("cyclic", c);
  return waves(c, c.lr, c.max_lr);
}

Schedule cyclic_momentum(const CyclicConfig& c) {
  check("cyclic_momentum", c);
  return waves(c, c.max_momentum, c.base_momentum);
}

Schedule multiplicative(double lr, std::function<double(int64_t)> factor) {
  require_lr("multiplicative", "lr", lr);
  if (!factor) throw ValueError("multiplicative", "the function of the factors is empty");
  return [lr, factor = std::move(factor)](int64_t at) {
    double product = lr;
    for (int64_t i = 1; i <= at; ++i) product *= factor(i);
    return product;
  };
}

Schedule chained(std::vector<Schedule> parts) {
  if (parts.empty()) throw ValueError("chained", "no schedules");
  require_schedules("chained", parts);
  return [parts = std::move(parts)](int64_t at) {
    double product = 1;
    for (const Schedule& part : parts) product *= part(at);
    return product;
  };
}

Schedule sequential(std::vector<Schedule> parts, std::vector<int64_t> milestones) {
  require_increasing("sequential", milestones);
  if (parts.size() != milestones.size() + 1) {
    throw ValueError("sequential", fmt::format("{} schedules need {} milestones, got {}",
                                               parts.size(), parts.size() - 1, milestones.size()));
  }
  require_schedules("sequential", parts);
  return [parts = std::move(parts), milestones = std::move(milestones)](int64_t at) {
    const auto i = static_cast<size_t>(passed(milestones, at));
    return parts[i](at - (i > 0 ? milestones[i - 1] : 0));
  };
}

}  // namespace strata::schedules
