#pragma once

#include "strata/optim/optimizer.h"

namespace strata {

struct LAMBConfig {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-6;
  double weight_decay = 0;  ///< joins Adam's step, before it is scaled
  bool maximize = false;
};

/// LAMB (You et al. 2020, algorithm 2, with phi(x) = x): Adam's step, scaled for each parameter to
/// lr times the parameter's norm; for large batches. A parameter or a step of norm 0 is not scaled.
/// Norms are taken in f64 in a fixed order. Parameters f32 or f64.
class LAMB final : public Optimizer {
 public:
  /// Throw as Optimizer; ValueError for a beta outside of [0, 1) and a negative eps.
  explicit LAMB(std::vector<Tensor> params, const LAMBConfig& config = {});
  explicit LAMB(std::vector<ParamGroup> groups, const LAMBConfig& config = {});

  /// Squared norms of a parameter, or of a piece of it, and of its step.
  struct Squares {
    double param = 0, step = 0;
  };

 private:
  void prepare(const Options& options, std::span<const kernels::OptimPart> parts,
               ParamOf param_of) override;
  void update(const Options& options, const Tensor& like,
              std::span<const kernels::OptimPart> parts) override;

  LAMBConfig config_;
  std::vector<Squares> squares_;  // of the pieces of one group
};

}  // namespace strata
