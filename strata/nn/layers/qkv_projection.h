#pragma once

#include <array>
#include <string>

#include "strata/nn/module.h"

namespace strata::nn {

struct QkvProjectionConfig {
  int64_t width = -1;  ///< required: of the input, and of each of the three outputs
  bool bias = true;
  /// How its parameters are named: one weight "in_proj_weight" [3 * width, width], as torch's
  /// MultiheadAttention has it, or "query.weight", "key.weight" and "value.weight".
  bool joined = false;
};

/// Queries, keys and values of self-attention, one product for all three: [..., width] to
/// [..., 3 * width]. Weights that have names of their own still lie one behind the other. Weights
/// start as Xavier's, uniform over the joined matrix, biases from 0. Throws ValueError for a
/// missing width.
class QkvProjection final : public Module {
 public:
  explicit QkvProjection(const QkvProjectionConfig& config);

  std::string type() const override { return "QkvProjection"; }
  void members(Visitor& v) override;
  Tensor forward(const Tensor& x) override;
  /// Starts from normal weights instead.
  void init_normal(double stddev);

 private:
  /// Query's, key's and value's: parameters of their own in the memory of `all`.
  struct Parts {
    Tensor all;
    std::array<Tensor, 3> named;

    Parts() = default;
    Parts(const Shape& shape, bool joined);
    Tensor joined() const;
  };
  static void visit(Visitor& v, const std::string& kind, Parts& parts);

  QkvProjectionConfig config_;
  Parts weight_, bias_;
};

}  // namespace strata::nn
