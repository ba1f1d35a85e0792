#pragma once

#include <cstdint>

#include "strata/optim/optimizer.h"

namespace strata {

struct PlateauConfig {
  bool larger_is_better = false;  ///< of the value that is watched (mode "max")
  double factor = 0.1;
  int64_t patience = 10;    ///< values without improvement that are borne
  double threshold = 1e-4;  ///< least improvement: a share of the best value,
  bool absolute = false;    ///< or an amount (threshold_mode "abs")
  int64_t cooldown = 0;     ///< values after a reduction in which none is counted
  double min_lr = 0;
  double eps = 1e-8;  ///< reductions not above this are left out
};

/// Reduces learning rates when a value, for instance the loss on the validation set, has stopped
/// improving (torch.optim.lr_scheduler.ReduceLROnPlateau). Unlike the schedules it has a state.
class Plateau {
 public:
  /// Throws ValueError for a factor outside of [0, 1) and for other numbers out of range.
  explicit Plateau(const PlateauConfig& config = {});

  /// Takes in a value; true if learning rates should be reduced now.
  bool observe(double value);
  /// The rate that follows `lr` in a reduction, and after all reductions so far.
  double reduced(double lr) const;
  double rate(double lr) const;
  /// Takes in a value and reduces the rates of all groups if it is time.
  void step(Optimizer& optimizer, double value);

  double best() const { return best_; }

  /// For checkpoints: "plateau.best" once there is one, "plateau.bad" and so on. load_state throws
  /// ValueError for missing names and numbers out of range; nothing is changed then.
  OptimizerState state() const;
  void load_state(const OptimizerState& state);
  /// Throws as load_state() would, and loads nothing.
  void check_state(const OptimizerState& state) const { loaded(state); }

 private:
  bool better(double value) const;
  Plateau loaded(const OptimizerState& state) const;

  PlateauConfig config_;
  double best_;
  int64_t bad_ = 0, cooldown_ = 0, reductions_ = 0;
};

}  // namespace strata
