#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/optim/optimizer.h"

namespace strata {
namespace {

std::string param_key(size_t number, const char* what) {
  return fmt::format("state.{}.{}", number, what);
}

std::string group_key(size_t number, const char* what) {
  return fmt::format("param_groups.{}.{}", number, what);
}

/// The first key of `found` that is not in `known`; empty if there is none.
template <class Found, class Known>
std::string unknown_key(const Found& found, const Known& known) {
  for (const auto& [key, value] : found) {
    if (!known.count(key)) return key;
  }
  return {};
}

}  // namespace

OptimizerState Optimizer::state() const {
  OptimizerState out;
  size_t number = 0;
  for (size_t g = 0; g < groups_.size(); ++g) {
    const Group& group = groups_[g];
    out.numbers[group_key(g, "lr")] = group.options.lr;
    out.numbers[group_key(g, "weight_decay")] = group.options.weight_decay;
    out.numbers[group_key(g, "momentum")] = group.options.momentum;
    for (size_t i = 0; i < group.params.size(); ++i, ++number) {
      const Place& place = group.places[i];
      if (place.steps == 0) continue;
      out.numbers[param_key(number, "step")] = static_cast<double>(place.steps);
      if (slots_.number) out.numbers[param_key(number, slots_.number)] = place.number;
      for (size_t k = 0; k < slots_.tensors.size(); ++k) {
        out.tensors.emplace(param_key(number, slots_.tensors[k]), slot(group, i, k));
      }
    }
  }
  return out;
}

/// Steps of a parameter, by its number over all groups; none where the state holds nothing of it.
std::optional<double> Optimizer::steps_in(const OptimizerState& state, size_t param) const {
  const auto steps = state.numbers.find(param_key(param, "step"));
  if (steps != state.numbers.end()) return steps->second;
  const bool known =
      !slots_.tensors.empty() && state.tensors.count(param_key(param, slots_.tensors[0])) != 0;
  if (known && slots_.counts_steps) {
    throw ValueError(name_, "the state lacks " + param_key(param, "step"));
  }
  return known ? std::optional<double>(1) : std::nullopt;
}

/// The names alone, before any number: another optimiser's may be out of range, and an error that
/// names those would not tell why.
void Optimizer::check_names(const OptimizerState& state) const {
  std::set<std::string> numbers, tensors;
  const auto require = [&](const auto& found, std::set<std::string>& known, std::string key) {
    if (!found.count(key)) throw ValueError(name_, "the state lacks " + key);
    known.insert(std::move(key));
  };
  size_t number = 0;
  for (size_t g = 0; g < groups_.size(); ++g) {
    for (const char* option : {"lr", "weight_decay", "momentum"}) {
      require(state.numbers, numbers, group_key(g, option));
    }
    for (size_t i = 0; i < groups_[g].params.size(); ++i, ++number) {
      if (!steps_in(state, number)) continue;
      numbers.insert(param_key(number, "step"));
      if (slots_.number) require(state.numbers, numbers, param_key(number, slots_.number));
      for (const char* slot : slots_.tensors) {
        require(state.tensors, tensors, param_key(number, slot));
      }
    }
  }
  std::string extra = unknown_key(state.numbers, numbers);
  if (extra.empty()) extra = unknown_key(state.tensors, tensors);
  if (!extra.empty()) {
    throw ValueError(name_, fmt::format("the state holds {}, which nothing here takes", extra),
                     "the state of another optimiser, or of other parameters?");
  }
}

void Optimizer::check_state(const OptimizerState& state) const {
  check_names(state);
  size_t number = 0;
  for (size_t g = 0; g < groups_.size(); ++g) {
    check_options(
        {state.numbers.at(group_key(g, "lr")), state.numbers.at(group_key(g, "weight_decay")), 0});
    check_momentum(state.numbers.at(group_key(g, "momentum")));
    for (const Tensor& p : groups_[g].params) {
      const size_t at = number++;
      const std::optional<double> steps = steps_in(state, at);
      if (!steps) continue;
      if (!(*steps >= 1 && *steps <= 0x1p53) || *steps != std::floor(*steps)) {
        out_of_range(param_key(at, "step").c_str(), *steps);
      }
      if (slots_.number) {
        const std::string key = param_key(at, slots_.number);
        require_not_negative(key.c_str(), state.numbers.at(key));
      }
      for (const char* slot : slots_.tensors) {
        const std::string key = param_key(at, slot);
        const Tensor& t = state.tensors.at(key);
        const std::string text =
            fmt::format("{} is {}, its parameter {}", key, describe(t), describe(p));
        if (!t.defined() || t.shape() != p.shape()) throw ShapeError(name_, text);
        if (t.dtype() != p.dtype()) throw DTypeError(name_, text);
      }
    }
  }
}

void Optimizer::load_state(const OptimizerState& state) {
  check_state(state);
  size_t number = 0;
  for (size_t g = 0; g < groups_.size(); ++g) {
    Group& group = groups_[g];
    group.options = {state.numbers.at(group_key(g, "lr")),
                     state.numbers.at(group_key(g, "weight_decay")),
                     state.numbers.at(group_key(g, "momentum"))};
    for (size_t i = 0; i < group.params.size(); ++i, ++number) {
      const std::optional<double> steps = steps_in(state, number);
      const bool has_state = steps.has_value();
      if (has_state && group.places[i].block < 0) make_places(group, i);
      group.places[i].steps = static_cast<int64_t>(steps.value_or(0));
      group.places[i].number =
          has_state && slots_.number ? state.numbers.at(param_key(number, slots_.number)) : 1;
      if (group.places[i].block < 0) continue;
      for (size_t k = 0; k < slots_.tensors.size(); ++k) {
        Tensor into = slot(group, i, k);
        if (has_state) {
          copy_(into, state.tensors.at(param_key(number, slots_.tensors[k])));
        } else {
          fill_(into, 0);
        }
      }
    }
  }
}

}  // namespace strata
