#pragma once

#include <optional>
#include <string>
#include <utility>

#include "strata/nn/layers/computed_weight.h"

namespace strata::nn {

struct WeightNormConfig {
  /// Along which each slice has a norm of its own, PyTorch's dim: counted as in files. None: one
  /// norm of all.
  std::optional<int> axis = 0;
  /// The names of torch.nn.utils.weight_norm, weight_g and weight_v.
  bool old_names = false;
};

/// The weight of WeightNorm.
class NormedWeight {
 public:
  /// Of a layer of that type, whose weight it takes over.
  NormedWeight(const std::string& layer, const Tensor& weight, Layout layout,
               const WeightNormConfig& config);

  /// g v / |v|.
  Tensor compute() const;
  void members(Visitor& to);

  Tensor g;  ///< as v, with size 1 in all axes but config.axis; a scalar without one
  Tensor v;

 private:
  Tensor lengths(const Tensor& of) const;

  WeightNormConfig config_;
  Layout layout_;
  Dims axes_;  // of a norm, in memory
};

/// A layer of one input whose weight is g v / |v|, length and direction apart (Salimans and
/// Kingma, 2016), as torch.nn.utils.parametrizations.weight_norm:
///
///   WeightNorm conv{Conv1d({.in = 80, .out = 512, .kernel = 7, .padding = 3})};
///   const Tensor y = conv(x);
///
/// At first the weight is the layer's. Norms are those of the slices along axis 0 of files: outputs
/// of Linear and convolutions, but inputs of transposed ones, as in PyTorch. The layer's other
/// members are listed under their names, the weight as parametrizations.weight.original0 (g) and
/// .original1 (v). The wrapped layer itself is no child: it is not told of training and evaluation.
/// While no gradients are recorded the weight is computed once, and again after g or v was written
/// to. Any number of threads may call; only such calls run at once. Throws ValueError for an axis
/// that the weight does not have.
template <Weighted Layer>
class WeightNorm final : public Module {
 public:
  explicit WeightNorm(Layer layer, const WeightNormConfig& config = {})
      : parts_(layer.type(), std::exchange(layer.weight, {}), weight_layout(layer), config),
        layer_(std::move(layer)) {}

  std::string type() const override { return "WeightNorm(" + layer_.type() + ")"; }
  void members(Visitor& v) override {
    members_but_weight(layer_, v);
    parts_.members(v);
  }
  Tensor forward(const Tensor& x) override {
    return place_.with(
        layer_.weight, {parts_.g, parts_.v}, false, [&] { return parts_.compute(); },
        [&] { return layer_.forward(x); });
  }

  /// The weight that stands in the layer's calls, with its history.
  Tensor weight() const { return parts_.compute(); }
  Tensor& g() { return parts_.g; }
  Tensor& v() { return parts_.v; }
  /// The layer with the weight as it is now, as torch's remove_parametrizations.
  Layer plain() && {
    const NoGrad no_grad;
    layer_.weight = weight().detach().set_requires_grad(parts_.v.requires_grad());
    return std::move(layer_);
  }

 private:
  NormedWeight parts_;
  Layer layer_;
  ComputedWeight place_;
};

}  // namespace strata::nn
