#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "strata/optim/optimizer.h"
#include "strata/tensor/tensor.h"

namespace strata {

struct LBFGSConfig {
  double lr = 1;
  int max_iterations = 20;         ///< of one step()
  int max_evaluations = -1;        ///< of the closure in one step(); -1: 5/4 of the iterations
  double grad_tolerance = 1e-7;    ///< ends where no gradient is larger
  double change_tolerance = 1e-9;  ///< ends where neither parameters nor loss change by more
  int history = 100;               ///< pairs of steps and gradient changes that are kept
  bool strong_wolfe = false;       ///< search along each direction; else go lr times its length
};

/// Limited-memory BFGS (Liu and Nocedal 1989) with a line search for the strong Wolfe conditions
/// (Nocedal and Wright 2006, algorithms 3.5 and 3.6, cubic interpolation); the formulas of
/// torch.optim.LBFGS. It asks for loss and gradients several times a step, so it takes a closure:
///
///   optimizer.step([&] { optimizer.zero_grad(); Tensor l = loss(); backward(l); return l; });
class LBFGS {
 public:
  /// Clears the gradients, computes the loss, calls backward and returns the loss: a scalar.
  using Closure = std::function<Tensor()>;

  /// Parameters f32 or f64, all of one dtype. Throws ValueError for an empty list or options out
  /// of range, ShapeError for a parameter that is not contiguous, DTypeError for another dtype.
  explicit LBFGS(std::vector<Tensor> params, const LBFGSConfig& config = {});

  /// Up to `max_iterations` steps; returns the loss before the first. Throws NumericError where the
  /// first loss or gradient is not finite, DTypeError where parameters were converted since the
  /// step before (see Module::to), DeviceError for a first gradient on another device; nothing is
  /// changed then.
  double step(const Closure& closure);
  void zero_grad();

  double lr() const { return config_.lr; }
  /// Throws ValueError for a rate out of range.
  void set_lr(double lr);
  int64_t evaluations() const { return evaluations_; }  ///< of the closure, so far

  /// For checkpoints, as Optimizer's: "state.d", "state.old_dirs" (one row a pair) and so on. The
  /// following steps give the same bits. load_state throws ValueError for missing names or numbers
  /// out of range, ShapeError and DTypeError where a tensor does not fit; nothing is changed then.
  OptimizerState state() const;
  void load_state(const OptimizerState& state);
  /// Throws as load_state() would, and loads nothing.
  void check_state(const OptimizerState& state) const { loaded(state); }

 private:
  /// What is known at a place along a direction: how far, the loss, all gradients in one row, and
  /// the slope.
  struct Point {
    double t = 0, loss = 0;
    Tensor grad;
    double slope = 0;
  };
  class Search;

  static void check_params(const std::vector<Tensor>& params);
  LBFGS loaded(const OptimizerState& state) const;
  Tensor flat_grad() const;
  void move(double t);
  Point evaluate(const Closure& closure, const std::vector<Tensor>& from, double t);
  void remember(const Tensor& grad);
  Tensor direction(const Tensor& grad) const;

  std::vector<Tensor> params_;
  LBFGSConfig config_;
  int64_t size_ = 0, iterations_ = 0, evaluations_ = 0;
  // One row as long as all parameters each; undefined before the first step.
  Tensor direction_, last_grad_;
  double t_ = 0, scale_ = 1;
  std::deque<Tensor> grad_changes_, steps_;
  std::deque<double> inverse_;  // 1 / (change . step) of each pair
};

}  // namespace strata
