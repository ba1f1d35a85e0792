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
      if (rule_.number) out.numbers[param_key(number, rule_.number)] = place.number;
      for (size_t k = 0; k < group.slots.size(); ++k) {
        out.tensors.emplace(param_key(number, group.slots[k]), slot(group, i, k));
      }
    }
  }
  return out;
}

/// Steps of a parameter, by its number over all groups; none where the state holds nothing of it.
std::optional<double> Optimizer::steps_in(const OptimizerState& state, const Group& group,
                                          size_t param) const {
  const auto steps = state.numbers.find(param_key(param, "step"));
  if (steps != state.numbers.end()) return steps->second;
  const bool known =
      !group.slots.empty() && state.tensors.count(param_key(param, group.slots[0])) != 0;
  if (known && rule_.counts_steps) {
    throw ValueError(name_, "the state lacks " + param_key(param, "step"));
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
      if (!steps_in(state, group, number)) continue;
      numbers.insert(param_key(number, "step"));
      if (rule_.number) require(state.numbers, numbers, param_key(number, rule_.number));
      for (const char* slot : group.slots) {
        require(state.tensors, tensors, param_key(number, slot));
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
    for (const Tensor& p : group.params) {
      const size_t at = number++;
      const std::optional<double> steps = steps_in(state, group, at);
      if (!steps) continue;
      if (!(*steps >= 1 && *steps <= 0x1p53) || *steps != std::floor(*steps)) {
        out_of_range(param_key(at, "step").c_str(), *steps);
      }
      if (rule_.number) {
        const std::string key = param_key(at, rule_.number);
        require_not_negative(key.c_str(), state.numbers.at(key));
      }
      for (const char* slot : group.slots) {
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
  const NoGrad no_grad;
  size_t number = 0;
  for (size_t g = 0; g < groups_.size(); ++g) {
    Group& group = groups_[g];
    group.options = options_in(state, g);
    if (!group.blocks.empty() && group.blocks[0].dtype() != group.params[0].dtype()) {
      drop_blocks(group);
    }
    for (size_t i = 0; i < group.params.size(); ++i, ++number) {
      const std::optional<double> steps = steps_in(state, group, number);
      const bool has_state = steps.has_value();
      if (has_state && group.places[i].block < 0) make_places(group, i);
      group.places[i].steps = static_cast<int64_t>(steps.value_or(0));
      group.places[i].number =
          has_state && rule_.number ? state.numbers.at(param_key(number, rule_.number)) : 1;
      if (group.places[i].block < 0) continue;
      for (size_t k = 0; k < group.slots.size(); ++k) {
        Tensor into = slot(group, i, k);
        if (has_state) {
          copy_(into, state.tensors.at(param_key(number, group.slots[k])));
        } else {
          fill_(into, 0);
        }
      }
    }
  }
}

}  // namespace strata
