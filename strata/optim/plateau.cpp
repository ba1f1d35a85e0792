#include "strata/optim/plateau.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata {
namespace {

void require(const char* field, bool fine, double value) {
  if (!fine) throw ValueError("Plateau", fmt::format("{} is out of range: {}", field, value));
}

}  // namespace

Plateau::Plateau(const PlateauConfig& config) : config_(config) {
  const auto not_negative = [](const char* field, double value) {
    require(field, value >= 0 && std::isfinite(value), value);
  };
  require("factor", config.factor >= 0 && config.factor < 1, config.factor);
  not_negative("patience", static_cast<double>(config.patience));
  not_negative("threshold", config.threshold);
  not_negative("cooldown", static_cast<double>(config.cooldown));
  not_negative("min_lr", config.min_lr);
  not_negative("eps", config.eps);
  const double inf = std::numeric_limits<double>::infinity();
  best_ = config.larger_is_better ? -inf : inf;
}

bool Plateau::better(double value) const {
  const double sign = config_.larger_is_better ? 1 : -1;
  const double least =
      config_.absolute ? best_ + sign * config_.threshold : best_ * (1 + sign * config_.threshold);
  return config_.larger_is_better ? value > least : value < least;
}

bool Plateau::observe(double value) {
  if (better(value)) {
    best_ = value;
    bad_ = 0;
  } else {
    ++bad_;
  }
  if (cooldown_ > 0) {
    --cooldown_;
    bad_ = 0;
  }
  if (bad_ <= config_.patience) return false;
  cooldown_ = config_.cooldown;
  bad_ = 0;
  ++reductions_;
  return true;
}

double Plateau::reduced(double lr) const {
  const double next = std::max(lr * config_.factor, config_.min_lr);
  return lr - next > config_.eps ? next : lr;
}

double Plateau::rate(double lr) const {
  for (int64_t i = 0; i < reductions_; ++i) {
    const double next = reduced(lr);
    if (next == lr) break;
    lr = next;
  }
  return lr;
}

void Plateau::step(Optimizer& optimizer, double value) {
  if (!observe(value)) return;
  for (int i = 0; i < optimizer.group_count(); ++i) optimizer.set_lr(i, reduced(optimizer.lr(i)));
}

OptimizerState Plateau::state() const {
  OptimizerState out;
  out.numbers = {{"plateau.bad", static_cast<double>(bad_)},
                 {"plateau.cooldown", static_cast<double>(cooldown_)},
                 {"plateau.reductions", static_cast<double>(reductions_)}};
  if (std::isfinite(best_)) out.numbers["plateau.best"] = best_;
  return out;
}

Plateau Plateau::loaded(const OptimizerState& state) const {
  const auto count = [&](const char* key) {
    const auto found = state.numbers.find(key);
    if (found == state.numbers.end()) {
      throw ValueError("Plateau", fmt::format("the state lacks {}", key));
    }
    require(key, found->second >= 0 && found->second <= 0x1p53, found->second);
    return static_cast<int64_t>(found->second);
  };
  Plateau next(config_);
  next.bad_ = count("plateau.bad");
  next.cooldown_ = count("plateau.cooldown");
  next.reductions_ = count("plateau.reductions");
  if (const auto best = state.numbers.find("plateau.best"); best != state.numbers.end()) {
    require("plateau.best", std::isfinite(best->second), best->second);
    next.best_ = best->second;
  }
  return next;
}

void Plateau::load_state(const OptimizerState& state) { *this = loaded(state); }

}  // namespace strata
