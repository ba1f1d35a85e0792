#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "strata/base/function_ref.h"
#include "strata/tensor/tensor.h"

namespace strata {

namespace kernels {
struct OptimPart;
}

/// Parameters with options of their own; those left out are the optimiser's. One that the optimiser
/// lacks is refused: SGD, RMSprop and Muon have a momentum, those of Adam's kind and Lion the
/// betas.
struct ParamGroup {
  std::vector<Tensor> params = {};
  std::optional<double> lr = {};
  std::optional<double> weight_decay = {};
  std::optional<double> momentum = {};
  std::optional<double> beta1 = {};
  std::optional<double> beta2 = {};
  std::optional<double> eps = {};
};

/// What a checkpoint keeps of an optimiser, under PyTorch's names with the parameter's number over
/// all groups ("state.3.exp_avg", "state.3.step") and the group's ("param_groups.0.lr").
struct OptimizerState {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, double> numbers;
};

/// Base of the optimisers. The parameters stay where they are; the state of a group lies in one
/// block, and a step is one parallel sweep over all parameters of a group.
class Optimizer {
 public:
  virtual ~Optimizer();
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Updates each parameter that has a gradient. Throws, with nothing changed, DTypeError where one
  /// was converted after its first step, so that its state has another dtype, or to a dtype that
  /// optimisers do not take (see Module::to), and DeviceError for a gradient on another device.
  void step();
  /// Clears the gradients: they are undefined afterwards.
  void zero_grad();

  /// One group more, whose parameters begin without state: layers that are thawed later, say.
  /// Throws as the constructor, and ValueError for a parameter that another group has; nothing is
  /// changed then.
  void add_param_group(ParamGroup group);

  int group_count() const { return static_cast<int>(groups_.size()); }
  const std::vector<Tensor>& params(int group = 0) const { return at(group).params; }

  /// The options that schedules change. The setters without a group set it for all. Throw
  /// IndexError for a group that does not exist and ValueError for a value out of range. A rate set
  /// in the course of a schedule lasts until its next step, see initial_lr().
  double lr(int group = 0) const { return at(group).options.lr; }
  void set_lr(double lr);
  void set_lr(int group, double lr);
  /// The rate that schedules of a group start from: lr(), until the first call of scale_lr(),
  /// set_lr_in_proportion() (which train::fit makes) or load_state() keeps what it was before.
  /// Later calls, set_lr()'s too, do not change it. PyTorch's "initial_lr", kept by its first
  /// schedule.
  double initial_lr(int group = 0) const { return initial_lr_of(at(group)); }
  /// Sets the rate of each group to `factor` times its initial_lr(), as PyTorch's schedules do: for
  /// a Schedule of .lr = 1. Throws ValueError for a rate out of range; nothing is changed then.
  void scale_lr(double factor);
  /// Sets the rate of the first group to `lr` and those of the others so that they are in the
  /// proportion of their initial_lr() to its, `lr` to the bit where these are the same. Throws as
  /// scale_lr.
  void set_lr_in_proportion(double lr);
  double weight_decay(int group = 0) const { return at(group).options.weight_decay; }
  void set_weight_decay(int group, double weight_decay);
  /// SGD's momentum, Adam's beta1. A group whose momentum was 0 at first has no buffer and takes no
  /// other.
  double momentum(int group = 0) const { return at(group).options.momentum; }
  void set_momentum(double momentum);
  void set_momentum(int group, double momentum);

  /// The state as it is; the tensors are views that the next step changes.
  OptimizerState state() const;
  /// Goes on from a state of the same optimiser over the same parameters: the following steps give
  /// the same bits. Throws ValueError for missing or unknown names and for numbers out of range,
  /// ShapeError and DTypeError where a tensor does not fit its parameter, OutOfMemory; nothing is
  /// changed then. What state() gave before keeps its values.
  void load_state(const OptimizerState& state);
  /// Throws as load_state() would, and loads nothing.
  void check_state(const OptimizerState& state) const;

 protected:
  /// Those that a rule lacks are 0.
  struct Options {
    double lr = 0, weight_decay = 0, momentum = 0, beta2 = 0, eps = 0;  ///< momentum: or beta1
  };

  /// What is kept of each parameter, and which options there are.
  struct Rule {
    std::vector<const char*> tensors = {};  ///< at most 3, 0 before the first step; see slot_shape
    std::vector<const char*> options = {};  ///< besides lr, under their names in ParamGroup
    const char* buffer = nullptr;  ///< one tensor more in groups that begin with a momentum
    std::vector<const char*> numbers = {};  ///< at most 2 numbers more, 1 before the first step
    /// Whether the rule asks for more of the number of steps than if there were any: PyTorch's
    /// state of one that does not has no "step".
    bool counts_steps = true;
    int rank = -1;  ///< of the parameters that it takes; -1: any
  };

  /// The parameter that a part is of, by the part's number: see prepare().
  using ParamOf = FunctionRef<const Tensor&(size_t part)>;

  /// Throws ValueError for an empty list, a parameter that occurs twice, options out of range or
  /// that there are not, GradError for the result of an op, ShapeError for a parameter that is not
  /// contiguous or has another rank than the rule's, DTypeError for one that is not f32 or f64 or
  /// not of its group's dtype.
  Optimizer(const char* name, std::vector<ParamGroup> groups, const Options& defaults, Rule rule);

  static std::vector<ParamGroup> one_group(std::vector<Tensor> params);
  const char* name() const { return name_; }
  [[noreturn]] void out_of_range(const char* option, double value) const;
  /// Throws ValueError naming the option unless it is finite and not negative.
  void require_not_negative(const char* option, double value) const;

 private:
  /// Where a parameter's state lies: slot k begins at element offsets[k] of the block; -1: the
  /// parameter has none of that name.
  struct Place {
    int block = -1;
    std::array<int64_t, 3> offsets = {};
    int64_t steps = 0;
    std::array<double, 2> numbers = {1, 1};
  };
  struct Group {
    std::vector<Tensor> params;
    Options options;
    std::vector<const char*> slots;         // the tensors kept of each parameter
    std::vector<Place> places;              // of each parameter
    std::vector<Tensor> blocks;             // one, and more where parameters were frozen at first
    std::optional<double> initial_lr = {};  // none before the first schedule
  };

  /// An option of groups: its name here and in the state, where it lies, whether it is a share in
  /// [0, 1).
  struct Option {
    const char* name;
    const char* key;
    double Options::*value;
    std::optional<double> ParamGroup::*given;
    bool share;
  };
  static std::span<const Option> known_options();

  /// The shape of tensor number `slot` of Rule::tensors; none where this parameter has no such.
  virtual std::optional<Shape> slot_shape(const Tensor& param, size_t /*slot*/) const {
    return param.shape();
  }
  /// Called with the parts of each group before the first is updated: for memory of its own that an
  /// update() needs, and work that takes some. Changes neither parameters nor their state.
  virtual void prepare(const Options& /*options*/, std::span<const kernels::OptimPart> /*parts*/,
                       ParamOf /*param_of*/) {}
  /// Updates parts that lie on the device of `like`. Takes no memory, so that a step is done as a
  /// whole or not at all.
  virtual void update(const Options& options, const Tensor& like,
                      std::span<const kernels::OptimPart> parts) = 0;

  const Group& at(int group) const;
  Group& at(int group) { return const_cast<Group&>(std::as_const(*this).at(group)); }
  bool has(const Option& option) const;
  Options options_of(const ParamGroup& group) const;
  void check_param(const Tensor& param, const Tensor& first, int64_t number) const;
  void check_options(const Options& options) const;
  void check_momentum(const Group& group, double momentum) const;
  void check_params();
  static double initial_lr_of(const Group& group) {
    return group.initial_lr.value_or(group.options.lr);
  }
  void schedule_lr(FunctionRef<double(double initial)> rate);
  static void drop_blocks(Group& group);
  std::optional<Shape> kept_shape(const Group& group, size_t param, size_t slot) const;
  void make_places(Group& group, size_t param) const;
  struct Work;
  Work work_of(Group& group) const;
  Tensor slot(const Group& group, size_t param, size_t slot) const;
  std::optional<double> steps_in(const OptimizerState& state, const Group& group, size_t i,
                                 size_t number) const;
  Options options_in(const OptimizerState& state, size_t group) const;
  void check_names(const OptimizerState& state) const;
  void check_param_state(const OptimizerState& state, const Group& group, size_t i,
                         size_t number) const;

  const char* name_;
  Options defaults_;
  Rule rule_;
  std::vector<Group> groups_;
};

}  // namespace strata
