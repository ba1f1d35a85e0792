#pragma once

#include <optional>
#include <string>
#include <utility>

#include "strata/nn/layers/computed_weight.h"

namespace strata::nn {

struct SpectralNormConfig {
  int iterations = 1;  ///< of the power method for each call in training
  double eps = 1e-12;  ///< least length that a vector of it is divided by
  /// Of the matrix's rows, PyTorch's dim: counted as in files. Left out: the axis of the outputs.
  std::optional<int> axis = {};
  /// The names of torch.nn.utils.spectral_norm (weight_orig, weight_u, weight_v) and its order of
  /// the power method, v before u.
  bool old_names = false;
};

/// The weight of SpectralNorm.
class SpectralWeight {
 public:
  /// Of a layer of that type, whose weight it takes over; config.axis must be there.
  SpectralWeight(const std::string& layer, const Tensor& weight, Layout layout,
                 const SpectralNormConfig& config);

  /// config.iterations of the power method, into u and v.
  void iterate() { power_method(config_.iterations); }
  /// weight / sigma. u and v are constants to the gradient.
  Tensor compute() const;
  void members(Visitor& to);

  Tensor original;
  Tensor u;  ///< [rows]
  Tensor v;  ///< [columns], in the order of files

 private:
  Tensor matrix(const Tensor& weight) const;
  Tensor columns(const Tensor& x, bool to_memory) const;
  void power_method(int iterations);

  SpectralNormConfig config_;
  Layout layout_;
  int rows_;  // the rows' axis in memory
};

/// A layer of one input whose weight is divided by its largest singular value, as the power method
/// estimates it (Miyato et al., 2018), as torch.nn.utils.parametrizations.spectral_norm:
///
///   SpectralNorm conv{Conv2d({.in = 64, .out = 128, .kernel = 4, .stride = 2, .padding = 1})};
///   const Tensor y = conv(x);
///
/// The weight counts as a matrix with a row for each output: along axis 0 of files, or the layer's
/// kOutputAxis. Calls in training mode make a step of the power method first, under checkpoint() a
/// second one on the way back, as in PyTorch. Calls in evaluation leave u and v as they are, and
/// compute the weight once while no gradients are recorded and nothing is written to. Any number of
/// threads may call; only such calls run at once. The layer's other members are listed under their
/// names, then parametrizations.weight.original and the buffers parametrizations.weight.0._u and
/// ._v. The wrapped layer itself is no child: it is not told of training and evaluation. Throws
/// ValueError for a weight that is empty or of less than two axes, an axis that it does not have,
/// and iterations below 1.
template <Weighted Layer>
class SpectralNorm final : public Module {
 public:
  explicit SpectralNorm(Layer layer, const SpectralNormConfig& config = {})
      : parts_(layer.type(), std::exchange(layer.weight, {}), weight_layout(layer),
               with_axis(config)),
        layer_(std::move(layer)) {}

  std::string type() const override { return "SpectralNorm(" + layer_.type() + ")"; }
  void members(Visitor& v) override {
    members_but_weight(layer_, v);
    parts_.members(v);
  }
  Tensor forward(const Tensor& x) override {
    return place_.with(
        layer_.weight, {parts_.original, parts_.u, parts_.v}, training(),
        [&] {
          if (training()) parts_.iterate();
          return parts_.compute();
        },
        [&] { return layer_.forward(x); });
  }

  /// The weight that stands in the layer's calls, with its history, by u and v as they are.
  Tensor weight() const { return parts_.compute(); }
  Tensor& original() { return parts_.original; }
  Tensor& u() { return parts_.u; }
  Tensor& v() { return parts_.v; }
  /// The layer with the weight as it is now, as torch's remove_parametrizations in evaluation.
  Layer plain() && {
    const NoGrad no_grad;
    layer_.weight = weight().detach().set_requires_grad(parts_.original.requires_grad());
    return std::move(layer_);
  }

 private:
  static SpectralNormConfig with_axis(SpectralNormConfig config) {
    if (config.axis) return config;
    if constexpr (requires { Layer::kOutputAxis; }) {
      config.axis = Layer::kOutputAxis;
    } else {
      config.axis = 0;
    }
    return config;
  }

  SpectralWeight parts_;
  Layer layer_;
  ComputedWeight place_;
};

}  // namespace strata::nn
