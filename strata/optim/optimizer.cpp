#include "strata/optim/optimizer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/optim.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/tensor/leaf_node.h"

namespace strata {
namespace {

/// State arrays begin on cache lines.
constexpr int64_t kAlignElements = 16;

int64_t aligned(int64_t n) { return (n + kAlignElements - 1) / kAlignElements * kAlignElements; }

/// The gradient gathered so far, null where there is none. Unlike Tensor::grad() it counts no
/// references: a step of a small network would feel them.
const Tensor* gradient_of(const Tensor& param) {
  const Ref<GradNode>& node = param.node();
  if (!node || !node->is_leaf()) return nullptr;
  const Tensor& grad = static_cast<const LeafNode&>(*node).grad;
  return grad.defined() ? &grad : nullptr;
}

}  // namespace

Optimizer::~Optimizer() = default;

Optimizer::Optimizer(const char* name, std::vector<ParamGroup> groups, const Options& defaults,
                     Rule rule)
    : name_(name), defaults_(defaults), rule_(std::move(rule)) {
  if (groups.empty()) throw ValueError(name_, "no parameter groups");
  check_options(defaults_);
  for (ParamGroup& group : groups) add_param_group(std::move(group));
}

std::span<const Optimizer::Option> Optimizer::known_options() {
  using O = Options;
  using P = ParamGroup;
  static constexpr Option kOptions[] = {
      {"lr", "lr", &O::lr, &P::lr, false},
      {"weight_decay", "weight_decay", &O::weight_decay, &P::weight_decay, false},
      {"momentum", "momentum", &O::momentum, &P::momentum, true},
      {"beta1", "momentum", &O::momentum, &P::beta1, true},
      {"beta2", "beta2", &O::beta2, &P::beta2, true},
      {"eps", "eps", &O::eps, &P::eps, false}};
  return kOptions;
}

bool Optimizer::has(const Option& option) const {
  const std::string_view name = option.name;
  return name == "lr" || std::count(rule_.options.begin(), rule_.options.end(), name) > 0;
}

Optimizer::Options Optimizer::options_of(const ParamGroup& group) const {
  Options out = defaults_;
  for (const Option& option : known_options()) {
    const std::optional<double>& given = group.*option.given;
    if (!given) continue;
    if (!has(option)) {
      std::string names = "lr";
      for (const char* name : rule_.options) names += std::string(", ") + name;
      throw ValueError(name_, fmt::format("no option {} for a group", option.name),
                       "options: " + names);
    }
    out.*option.value = *given;
  }
  check_options(out);
  return out;
}

void Optimizer::add_param_group(ParamGroup from) {
  if (from.params.empty()) {
    throw ValueError(name_, "no parameters",
                     "was the list taken from a module without parameters?");
  }
  const Options options = options_of(from);
  Group group{std::move(from.params), options, rule_.tensors, {}, {}};
  if (rule_.buffer && options.momentum != 0) group.slots.push_back(rule_.buffer);
  group.places.resize(group.params.size());
  std::unordered_set<const void*> seen;
  const auto is_new = [&](const Tensor& p) {
    if (p.node()) return seen.insert(p.node().get()).second;
    return p.numel() == 0 || p.is_meta() || seen.insert(p.raw()).second;
  };
  int64_t number = 0;
  for (const Group& before : groups_) {
    for (const Tensor& p : before.params) is_new(p);
    number += static_cast<int64_t>(before.params.size());
  }
  for (const Tensor& p : group.params) {
    check_param(p, group.params[0], number);
    if (!is_new(p)) throw ValueError(name_, fmt::format("parameter {} occurs twice", number));
    ++number;
  }
  groups_.push_back(std::move(group));
}

void Optimizer::check_param(const Tensor& param, const Tensor& first, int64_t number) const {
  if (!param.defined()) throw ValueError(name_, fmt::format("parameter {} is undefined", number));
  if (param.node() && !param.node()->is_leaf()) {
    throw GradError(name_,
                    fmt::format("parameter {}, {}, is the result of an op: only leaves can be "
                                "optimised",
                                number, describe(param)),
                    "call set_requires_grad() on the tensor itself, after all ops that make it");
  }
  if (!param.is_contiguous()) {
    throw ShapeError(name_,
                     fmt::format("parameter {}, {}, is not contiguous", number, describe(param)),
                     "use contiguous() before set_requires_grad()");
  }
  if (rule_.rank >= 0 && param.rank() != rule_.rank) {
    throw ShapeError(name_,
                     fmt::format("parameter {}, {}, has {} axes; this optimiser takes those of {}",
                                 number, describe(param), param.rank(), rule_.rank),
                     "give the others to another optimiser, AdamW for instance");
  }
  if (param.dtype() != DType::f32 && param.dtype() != DType::f64) {
    throw DTypeError(
        name_,
        fmt::format("parameter {} is {}; parameters are f32 or f64", number, describe(param)),
        "for training in bf16 keep them in f32 and use nn::PrecisionScope");
  }
  if (param.dtype() != first.dtype() || param.device() != first.device()) {
    throw DTypeError(name_,
                     fmt::format("parameter {}, {}, has another dtype or device than the first of "
                                 "its group, {}",
                                 number, describe(param), describe(first)),
                     "give each dtype and device a group of its own");
  }
}

void Optimizer::out_of_range(const char* option, double value) const {
  throw ValueError(name_, fmt::format("{} is out of range: {}", option, value));
}

void Optimizer::require_not_negative(const char* option, double value) const {
  if (!(value >= 0) || !std::isfinite(value)) out_of_range(option, value);
}

void Optimizer::check_options(const Options& options) const {
  Options rest = options;
  for (const Option& option : known_options()) {
    if (!has(option)) continue;
    const double value = std::exchange(rest.*option.value, 0);
    require_not_negative(option.name, value);
    if (option.share && value >= 1) out_of_range(option.name, value);
  }
  for (const Option& option : known_options()) {
    if (!(rest.*option.value == 0)) out_of_range(option.name, rest.*option.value);
  }
}

void Optimizer::check_momentum(const Group& group, double momentum) const {
  Options options = group.options;
  options.momentum = momentum;
  check_options(options);
  if (momentum != 0 && rule_.buffer && group.slots.size() == rule_.tensors.size()) {
    throw ValueError(name_, fmt::format("a momentum of {} for a group without a buffer", momentum),
                     "begin with a momentum that is not 0");
  }
}

std::vector<ParamGroup> Optimizer::one_group(std::vector<Tensor> params) {
  std::vector<ParamGroup> groups(1);
  groups[0].params = std::move(params);
  return groups;
}

const Optimizer::Group& Optimizer::at(int group) const {
  if (group < 0 || group >= group_count()) {
    throw IndexError(name_, fmt::format("no group {}: there are {}", group, group_count()));
  }
  return groups_[static_cast<size_t>(group)];
}

void Optimizer::set_lr(double lr) {
  for (int i = 0; i < group_count(); ++i) set_lr(i, lr);
}

void Optimizer::set_lr(int group, double lr) {
  Group& of = at(group);
  require_not_negative("lr", lr);
  of.options.lr = lr;
}

/// Sets the rate of each group to rate(its initial one).
void Optimizer::schedule_lr(FunctionRef<double(double initial)> rate) {
  for (const Group& group : groups_) require_not_negative("lr", rate(initial_lr_of(group)));
  for (Group& group : groups_) {
    group.initial_lr = initial_lr_of(group);
    group.options.lr = rate(*group.initial_lr);
  }
}

void Optimizer::scale_lr(double factor) {
  schedule_lr([&](double initial) { return initial * factor; });
}

void Optimizer::set_lr_in_proportion(double lr) {
  const double first = initial_lr();
  schedule_lr([&](double initial) { return lr * (initial == first ? 1 : initial / first); });
}

void Optimizer::set_weight_decay(int group, double weight_decay) {
  Options options = at(group).options;
  options.weight_decay = weight_decay;
  check_options(options);
  at(group).options.weight_decay = weight_decay;
}

void Optimizer::set_momentum(double momentum) {
  for (const Group& group : groups_) check_momentum(group, momentum);
  for (Group& group : groups_) group.options.momentum = momentum;
}

void Optimizer::set_momentum(int group, double momentum) {
  check_momentum(at(group), momentum);
  at(group).options.momentum = momentum;
}

void Optimizer::zero_grad() {
  for (Group& group : groups_) {
    for (Tensor& p : group.params) {
      if (p.requires_grad()) p.set_grad({});
    }
  }
}

/// What a step does to a group.
struct Optimizer::Work {
  std::vector<kernels::OptimPart> parts;
  std::vector<size_t> numbers;  // of each part's parameter in the group
  std::vector<Tensor> copies;   // of the gradients that are not contiguous
};

/// All memory is there before the first parameter changes: a step that cannot have it does nothing.
void Optimizer::step() {
  check_params();
  std::vector<Work> works;
  works.reserve(groups_.size());
  for (Group& group : groups_) works.push_back(work_of(group));
  for (size_t g = 0; g < groups_.size(); ++g) {
    const auto param_of = [&](size_t part) -> const Tensor& {
      return groups_[g].params[works[g].numbers[part]];
    };
    prepare(groups_[g].options, works[g].parts, param_of);
  }
  for (size_t g = 0; g < groups_.size(); ++g) {
    Group& group = groups_[g];
    if (works[g].parts.empty()) continue;
    update(group.options, group.params[0], works[g].parts);
    for (const size_t i : works[g].numbers) {
      group.params[i].bump_version();
      ++group.places[i].steps;
    }
  }
}

/// Parameters may have been converted in the meantime, and gradients given by hand.
void Optimizer::check_params() {
  int64_t number = 0;
  for (Group& group : groups_) {
    for (size_t i = 0; i < group.params.size(); ++i, ++number) {
      const Tensor& p = group.params[i];
      const Tensor* grad = gradient_of(p);
      if (!grad) continue;
      check_param(p, group.params[0], number);
      internal::check_same_device(name_, p, *grad);
      if (group.blocks.empty() || group.blocks[0].dtype() == p.dtype()) continue;
      const bool stepped = std::any_of(group.places.begin(), group.places.end(),
                                       [](const Place& place) { return place.steps > 0; });
      if (stepped) {
        throw DTypeError(name_,
                         fmt::format("parameter {} is {}, the state of its group {}: it was "
                                     "converted after a step",
                                     number, describe(p), name_of(group.blocks[0].dtype())),
                         "make the optimiser after Module::to(), or convert back");
      }
      drop_blocks(group);
    }
  }
}

void Optimizer::drop_blocks(Group& group) {
  group.blocks.clear();
  std::fill(group.places.begin(), group.places.end(), Place{});
}

/// Makes a block with places for `param` and for all others that want a gradient and have none.
void Optimizer::make_places(Group& group, size_t param) const {
  std::vector<Place> places = group.places;
  const auto block = static_cast<int>(group.blocks.size());
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i].block >= 0 || (i != param && !group.params[i].requires_grad())) continue;
    places[i].block = block;
  }
  int64_t total = 0;
  for (size_t k = 0; k < group.slots.size(); ++k) {
    for (size_t i = 0; i < places.size(); ++i) {
      if (places[i].block != block) continue;
      const auto shape = kept_shape(group, i, k);
      places[i].offsets[k] = shape ? total : -1;
      if (shape) total += aligned(numel(*shape));
    }
  }
  group.blocks.push_back(zeros({total}, group.params[0].dtype(), group.params[0].device()));
  // Not before the block is there, and in place: work_of() holds pointers to their numbers.
  std::copy(places.begin(), places.end(), group.places.begin());
}

/// The shape of a slot, Rule::buffer's too; none where the parameter has none of that name.
std::optional<Shape> Optimizer::kept_shape(const Group& group, size_t param, size_t slot) const {
  const Tensor& p = group.params[param];
  return slot < rule_.tensors.size() ? slot_shape(p, slot) : p.shape();
}

Tensor Optimizer::slot(const Group& group, size_t param, size_t slot) const {
  const Place& place = group.places[param];
  const Shape shape = kept_shape(group, param, slot).value();
  return group.blocks[static_cast<size_t>(place.block)].as_strided(shape, contiguous_strides(shape),
                                                                   place.offsets[slot]);
}

Optimizer::Work Optimizer::work_of(Group& group) const {
  Work work;
  if (group.params[0].is_meta()) return work;
  work.parts.reserve(group.params.size());
  work.numbers.reserve(group.params.size());
  const auto element = static_cast<size_t>(size_of(group.params[0].dtype()));
  for (size_t i = 0; i < group.params.size(); ++i) {
    Tensor& p = group.params[i];
    const Tensor* grad = gradient_of(p);
    if (!grad) continue;
    if (group.places[i].block < 0) make_places(group, i);
    if (!grad->is_contiguous()) grad = &work.copies.emplace_back(contiguous(grad->detach()));
    Place& place = group.places[i];
    work.numbers.push_back(i);
    work.parts.push_back(
        {p.raw(), grad->raw(), {}, p.numel(), place.steps + 1, place.numbers.data()});
    for (size_t k = 0; k < group.slots.size(); ++k) {
      if (place.offsets[k] < 0) continue;
      auto* block = static_cast<char*>(group.blocks[static_cast<size_t>(place.block)].raw());
      work.parts.back().state[k] = block + static_cast<size_t>(place.offsets[k]) * element;
    }
  }
  return work;
}

}  // namespace strata
