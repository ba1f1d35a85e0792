#pragma once

#include <optional>

#include "strata/nn/module.h"

namespace strata::nn {

struct FlattenConfig {
  /// Whether the last axis is put before the others. Left out: that of images [N, H, W, C] and of
  /// volumes [N, D, H, W, C] alone. To be set behind a Conv1d: its [N, L, C] cannot be told from
  /// the [N, T, C] of a recurrent layer, which lies alike in PyTorch.
  std::optional<bool> channels_first = {};
};

/// Merges all axes but the first: [N, ...] to [N, D]. Channels are put first where PyTorch has them
/// there, so that the columns of a following Linear mean what they mean in PyTorch and weights move
/// between the two unchanged.
class Flatten final : public Module {
 public:
  explicit Flatten(const FlattenConfig& config = {}) : config_(config) {}
  std::string type() const override { return "Flatten"; }
  Tensor forward(const Tensor& x) override;
  const FlattenConfig& config() const { return config_; }

 private:
  FlattenConfig config_;
};

struct UnflattenConfig {
  Shape shape = {};  ///< required: of a sample, [H, W, C]; one size may be -1
  /// Whether the columns hold the last axis before the others. Left out: for shapes [H, W, C] and
  /// [D, H, W, C] alone, as for Flatten.
  std::optional<bool> channels_first = {};
};

/// The way back of Flatten: rows [N, D] to [N, shape...], so that the columns of a Linear before it
/// mean what they mean before PyTorch's Unflatten(1, (C, H, W)). Throws ValueError for a missing
/// shape, ShapeError for columns that do not fit it.
class Unflatten final : public Module {
 public:
  explicit Unflatten(const UnflattenConfig& config);
  std::string type() const override { return "Unflatten"; }
  Tensor forward(const Tensor& x) override;
  const UnflattenConfig& config() const { return config_; }

 private:
  UnflattenConfig config_;
};

}  // namespace strata::nn
