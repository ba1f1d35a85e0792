#pragma once

#include <array>
#include <unordered_map>

#include "strata/optim/optimizer.h"

namespace strata {

/// What the rate of a matrix [rows, columns] is multiplied with: sqrt(max(1, rows / columns)), as
/// Jordan has it, or 0.2 sqrt(max(rows, columns)), for which AdamW's rates and decay serve (Liu et
/// al., "Muon is scalable for LLM training", 2025).
enum class MuonRate { original, match_rms_adamw };

struct MuonConfig {
  double lr = 1e-3;
  double weight_decay = 0.1;  ///< shrinks the parameters by lr * weight_decay each step
  double momentum = 0.95;
  bool nesterov = true;
  std::array<double, 3> coefficients = {3.4445, -4.775, 2.0315};  ///< of x, x^3 and x^5
  int steps = 5;                       ///< how often that polynomial is applied (ns_steps)
  double eps = 1e-7;                   ///< least norm that a direction is divided by
  MuonRate rate = MuonRate::original;  ///< adjust_lr_fn
  bool bf16 = false;                   ///< the polynomial in bf16: faster, and rough
};

/// Momentum whose direction is made nearly orthogonal: a polynomial applied to it a few times
/// brings its singular values near 1 (Jordan et al., "Muon: an optimizer for hidden layers in
/// neural networks", 2024). For matrices [out, in] alone; biases, embeddings and the last layer are
/// for another optimiser. The formulas of torch.optim.Muon, which computes the polynomial in bf16
/// whatever the parameters are; here it is computed in their dtype, f32 or f64, unless `bf16` is
/// set. A step takes as much memory again as the parameters.
class Muon final : public Optimizer {
 public:
  /// Throw as Optimizer; ShapeError for a parameter that is no matrix, ValueError for a negative
  /// eps and for `steps` outside of [0, 100).
  explicit Muon(std::vector<Tensor> params, const MuonConfig& config = {});
  explicit Muon(std::vector<ParamGroup> groups, const MuonConfig& config = {});

 private:
  void prepare(const Options& options, std::span<const kernels::OptimPart> parts,
               ParamOf param_of) override;
  void update(const Options& options, const Tensor& like,
              std::span<const kernels::OptimPart> parts) override;
  Tensor orthogonalized(const Tensor& x) const;

  MuonConfig config_;
  std::unordered_map<const void*, Tensor> directions_;  // of the coming update, by parameter
};

}  // namespace strata
