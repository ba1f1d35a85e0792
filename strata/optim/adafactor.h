#pragma once

#include <optional>
#include <unordered_map>

#include "strata/optim/optimizer.h"

namespace strata {

struct AdafactorConfig {
  /// The most that a step is relative to the parameter's root mean square.
  double lr = 1e-2;
  double beta2_decay = -0.8;  ///< step n takes in a share n^beta2_decay of the squared gradient
  /// The least root of a second moment; left out, the dtype's epsilon.
  std::optional<double> eps1 = {};
  double eps2 = 1e-3;       ///< least root mean square of a parameter
  double d = 1;             ///< steps of a larger root mean square are cut to it
  double weight_decay = 0;  ///< shrinks the parameters by lr * weight_decay each step
  bool maximize = false;
};

/// Adafactor (Shazeer and Stern 2018): of the second moment of matrices only the means over rows
/// and over columns are kept, so that the state is as large as an edge of the parameter; the
/// formulas of torch.optim.Adafactor. Matrices are the last two axes. A convolution weight [out,
/// kh, kw, in] is a stack of matrices [kw, in] then, where PyTorch's [out, in, kh, kw] is one of
/// [kh, kw]: for these the steps differ. Parameters f32 or f64, all sums in f64 in a fixed order.
class Adafactor final : public Optimizer {
 public:
  /// Throw as Optimizer; ValueError for a positive beta2_decay, a negative eps and d < 1.
  explicit Adafactor(std::vector<Tensor> params, const AdafactorConfig& config = {});
  explicit Adafactor(std::vector<ParamGroup> groups, const AdafactorConfig& config = {});

  /// A parameter as `batch` matrices of that size; a vector as one row, whose moment is kept whole.
  struct Extent {
    int64_t batch = 1, rows = 1, columns = 1;
    bool factored = false;
  };

 private:
  std::optional<Shape> slot_shape(const Tensor& param, size_t slot) const override;
  void prepare(const Options& options, std::span<const kernels::OptimPart> parts,
               ParamOf param_of) override;
  void update(const Options& options, const Tensor& like,
              std::span<const kernels::OptimPart> parts) override;

  AdafactorConfig config_;
  std::unordered_map<const void*, Extent> extents_;  // by parameter
  std::vector<double> sums_;                         // room for one parameter
};

}  // namespace strata
