#pragma once

#include "strata/nn/module.h"

namespace strata::nn {

struct BilinearConfig {
  int64_t in1 = -1;  ///< required
  int64_t in2 = -1;  ///< required
  int64_t out = -1;  ///< required
  bool bias = true;
};

/// a^T W b + bias for each of `out` matrices W: of a [..., in1] and b [..., in2] to [..., out]; see
/// bilinear. Initialised as PyTorch's Bilinear: uniform in +-1/sqrt(in1). Throws ValueError for
/// missing sizes.
class Bilinear final : public Module {
 public:
  explicit Bilinear(const BilinearConfig& config);

  std::string type() const override { return "Bilinear"; }
  void members(Visitor& v) override { v("weight", weight)("bias", bias); }
  Tensor operator()(const Tensor& a, const Tensor& b);
  const BilinearConfig& config() const { return config_; }

  Tensor weight;  ///< [out, in1, in2]
  Tensor bias;    ///< [out]; undefined without bias

 private:
  BilinearConfig config_;
};

}  // namespace strata::nn
