#pragma once

#include <cstdint>
#include <vector>

#include "strata/optim/optimizer.h"
#include "strata/tensor/tensor.h"

namespace strata {

struct EMAConfig {
  double decay = 0.999;
  /// Begins with a smaller decay, (1 + n) / (10 + n) at update n, so that the first values are
  /// forgotten sooner.
  bool warm_up = false;
  /// Takes the plain mean of all values that were taken in, instead of the decay: stochastic weight
  /// averaging (Izmailov et al. 2018), as torch's AveragedModel. Begin late in a training.
  bool equal = false;
};

/// Exponential moving averages of parameters: after each step of the optimiser
/// average = decay * average + (1 - decay) * parameter (Polyak and Juditsky 1992). The averages
/// begin as copies of the parameters.
class EMA {
 public:
  /// Throws ValueError for an empty list, a parameter that occurs twice and a decay outside of
  /// [0, 1), ShapeError for a parameter that is not contiguous, DTypeError for one that is not f32
  /// or f64.
  explicit EMA(std::vector<Tensor> params, const EMAConfig& config = {});

  /// Takes the present values into the averages: one sweep over all of them. Throws where a
  /// parameter does not fit its average any more: DTypeError where it was converted since (see
  /// Module::to), DeviceError and ShapeError where Tensor::set_data gave it values on another
  /// device or that are not contiguous.
  void update();
  /// Exchanges the parameters with their averages, to evaluate or save; the second call takes it
  /// back. It takes no memory. Throws ValueError from update() in between. The first throws as
  /// update() does, the second nothing: a parameter that was converted in between gets its values
  /// back in its new dtype; one that has got values on another device or that are not contiguous
  /// keeps them, its average keeps what the parameter had before, and the next update() or swap()
  /// throws.
  void swap();
  bool swapped() const { return swapped_; }

  const std::vector<Tensor>& averages() const { return averages_; }
  int64_t updates() const { return updates_; }

  /// For checkpoints, as Optimizer's: "ema.3" and "ema.updates". load_state throws ValueError for
  /// missing or unknown names, ShapeError and DTypeError where a tensor does not fit.
  OptimizerState state() const;
  void load_state(const OptimizerState& state);
  /// Throws as load_state() would, and loads nothing.
  void check_state(const OptimizerState& state) const;

 private:
  friend class AveragedScope;

  void check_params() const;
  void exchange() noexcept;

  std::vector<Tensor> params_, averages_;
  EMAConfig config_;
  int64_t updates_ = 0;
  bool swapped_ = false;
};

/// Exchanges the parameters with their averages while it lives; for null it does nothing.
class AveragedScope {
 public:
  explicit AveragedScope(EMA* averages) : averages_(averages) {
    if (averages_) averages_->swap();
  }
  ~AveragedScope() {
    if (averages_) averages_->exchange();
  }
  AveragedScope(const AveragedScope&) = delete;
  AveragedScope& operator=(const AveragedScope&) = delete;

 private:
  EMA* averages_;
};

}  // namespace strata
