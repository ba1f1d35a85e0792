#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/optim/optimizer.h"
#include "strata/tape/grad_mode.h"

namespace strata {
namespace {

std::string param_key(size_t number, const char* what) {
  return fmt::format("state.{}.{}", number, what);
}

std::string group_key(size_t number, const char* what) {
  return fmt::format("param_groups.{}.{}", number, what);
}

/// The others came later: older states lack them.
bool is_always_kept(std::string_view key) {
  return key == "lr" || key == "weight_decay" || key == "momentum";
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
    for (const Option& option : known_options()) {
      if (has(option) || is_always_kept(option.key)) {
        out.numbers[group_key(g, option.key)] = group.options.*option.value;
      }
    }
    for (size_t i = 0; i < group.params.size(); ++i, ++number) {
      const Place& place = group.places[i];
      if (place.steps == 0) continue;
      out.numbers[param_key(number, "step")] = static_cast<double>(place.steps);
      for (size_t k = 0; k < rule_.numbers.size(); ++k) {
        out.numbers[param_key(number, rule_.numbers[k])] = place.numbers[k];
      }
      for (size_t k = 0; k < group.slots.size(); ++k) {
        if (!kept_shape(group, i, k)) continue;
        out.tensors.emplace(param_key(number, group.slots[k]), slot(group, i, k));
      }
    }
  }
  return out;
}

/// Steps of parameter `i` of a group, `number` over all groups; none where the state holds nothing
/// of it.
std::optional<double> Optimizer::steps_in(const OptimizerState& state, const Group& group, size_t i,
                                          size_t number) const {
  const auto steps = state.numbers.find(param_key(number, "step"));
  if (steps != state.numbers.end()) return steps->second;
  size_t first = 0;
  while (first < group.slots.size() && !kept_shape(group, i, first)) ++first;
  const bool known =
      first < group.slots.size() && state.tensors.count(param_key(number, group.slots[first])) != 0;
  if (known && rule_.counts_steps) {
    throw ValueError(name_, "the state lacks " + param_key(number, "step"));
  }
  return known ? std::optional<double>(1) : std::nullopt;
}

/// The options of a group; what older states do not tell is as it was.
Optimizer::Options Optimizer::options_in(const OptimizerState& state, size_t group) const {
  Options out = groups_[group].options;
  for (const Option& option : known_options()) {
    const auto at = state.numbers.find(group_key(group, option.key));
    if (at != state.numbers.end()) out.*option.value = at->second;
  }
  return out;
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
    const Group& group = groups_[g];
    for (const Option& option : known_options()) {
      if (is_always_kept(option.key)) {
        require(state.numbers, numbers, group_key(g, option.key));
      } else if (has(option)) {
        numbers.insert(group_key(g, option.key));
      }
    }
    for (size_t i = 0; i < group.params.size(); ++i, ++number) {
      if (!steps_in(state, group, i, number)) continue;
      numbers.insert(param_key(number, "step"));
      for (const char* key : rule_.numbers) {
        require(state.numbers, numbers, param_key(number, key));
      }
      for (size_t k = 0; k < group.slots.size(); ++k) {
        if (!kept_shape(group, i, k)) continue;
        require(state.tensors, tensors, param_key(number, group.slots[k]));
      }
    }
  }
  std::string extra = unknown_key(state.tensors, tensors);
  if (extra.empty()) extra = unknown_key(state.numbers, numbers);
  if (!extra.empty()) {
    throw ValueError(name_, fmt::format("the state holds {}, which nothing here takes", extra),
                     "the state of another optimiser, or of other parameters?");
  }
}

void Optimizer::check_state(const OptimizerState& state) const {
  check_names(state);
  size_t number = 0;
  for (size_t g = 0; g < groups_.size(); ++g) {
    const Group& group = groups_[g];
    const Options options = options_in(state, g);
    check_options(options);
    check_momentum(group, options.momentum);
    for (size_t i = 0; i < group.params.size(); ++i, ++number) {
      check_param_state(state, group, i, number);
    }
  }
}

/// What the state holds of parameter `i` of a group, `number` over all groups.
void Optimizer::check_param_state(const OptimizerState& state, const Group& group, size_t i,
                                  size_t number) const {
  const Tensor& p = group.params[i];
  const std::optional<double> steps = steps_in(state, group, i, number);
  if (!steps) return;
  if (!(*steps >= 1 && *steps <= 0x1p53) || *steps != std::floor(*steps)) {
    out_of_range(param_key(number, "step").c_str(), *steps);
  }
  for (const char* name : rule_.numbers) {
    const std::string key = param_key(number, name);
    require_not_negative(key.c_str(), state.numbers.at(key));
  }
  for (size_t k = 0; k < group.slots.size(); ++k) {
    const std::optional<Shape> shape = kept_shape(group, i, k);
    if (!shape) continue;
    const std::string key = param_key(number, group.slots[k]);
    const Tensor& t = state.tensors.at(key);
    const std::string text =
        fmt::format("{} is {}, its parameter {}", key, describe(t), describe(p));
    if (!t.defined() || t.shape() != *shape) throw ShapeError(name_, text);
    if (t.dtype() != p.dtype()) throw DTypeError(name_, text);
  }
}

void Optimizer::load_state(const OptimizerState& state) {
  check_state(state);
  const NoGrad no_grad;
  std::vector<Group> groups = groups_;  // with blocks of their own: all of it is loaded, or nothing
  size_t number = 0;
  for (size_t g = 0; g < groups.size(); ++g) {
    Group& group = groups[g];
    group.initial_lr = initial_lr_of(group);  // the state may be of the middle of a schedule
    group.options = options_in(state, g);
    drop_blocks(group);
    for (size_t i = 0; i < group.params.size(); ++i, ++number) {
      const std::optional<double> steps = steps_in(state, group, i, number);
      if (!steps) continue;
      if (group.places[i].block < 0) make_places(group, i);
      Place& place = group.places[i];
      place.steps = static_cast<int64_t>(*steps);
      for (size_t k = 0; k < rule_.numbers.size(); ++k) {
        place.numbers[k] = state.numbers.at(param_key(number, rule_.numbers[k]));
      }
      for (size_t k = 0; k < group.slots.size(); ++k) {
        if (!kept_shape(group, i, k)) continue;
        copy_(slot(group, i, k), state.tensors.at(param_key(number, group.slots[k])));
      }
    }
  }
  groups_ = std::move(groups);
}

}  // namespace strata
