#pragma once

#include "strata/nn/module.h"
#include "strata/ops/pad.h"
#include "strata/ops/unfold.h"

namespace strata::nn {

struct Pad1dConfig {
  int64_t left = 0, right = 0;
  PadMode mode = PadMode::constant;
  double value = 0;  ///< of constant
};

/// Ends around sequences [N, L, C]; see pad. PyTorch's ZeroPad1d, ConstantPad1d, ReflectionPad1d,
/// ReplicationPad1d and CircularPad1d.
class Pad1d final : public Module {
 public:
  explicit Pad1d(const Pad1dConfig& config) : config_(config) {}
  std::string type() const override { return "Pad1d"; }
  Tensor forward(const Tensor& x) override;
  const Pad1dConfig& config() const { return config_; }

 private:
  Pad1dConfig config_;
};

struct Pad2dConfig {
  int64_t top = 0, bottom = 0, left = 0, right = 0;
  PadMode mode = PadMode::constant;
  double value = 0;  ///< of constant
};

/// Edges around images [N, H, W, C]; see pad. PyTorch's ZeroPad2d, ConstantPad2d, ReflectionPad2d,
/// ReplicationPad2d and CircularPad2d.
class Pad2d final : public Module {
 public:
  explicit Pad2d(const Pad2dConfig& config) : config_(config) {}
  std::string type() const override { return "Pad2d"; }
  Tensor forward(const Tensor& x) override;
  const Pad2dConfig& config() const { return config_; }

 private:
  Pad2dConfig config_;
};

struct Pad3dConfig {
  int64_t front = 0, back = 0, top = 0, bottom = 0, left = 0, right = 0;
  PadMode mode = PadMode::constant;
  double value = 0;  ///< of constant
};

/// Faces around volumes [N, D, H, W, C]; see pad. PyTorch's ZeroPad3d and the like.
class Pad3d final : public Module {
 public:
  explicit Pad3d(const Pad3dConfig& config) : config_(config) {}
  std::string type() const override { return "Pad3d"; }
  Tensor forward(const Tensor& x) override;
  const Pad3dConfig& config() const { return config_; }

 private:
  Pad3dConfig config_;
};

/// Images [N, H, W, C * factor^2] as [N, H * factor, W * factor, C]; see pixel_shuffle. Throws
/// ValueError for a factor below 1.
class PixelShuffle final : public Module {
 public:
  explicit PixelShuffle(int64_t factor);
  std::string type() const override { return "PixelShuffle"; }
  Tensor forward(const Tensor& x) override;
  int64_t factor() const { return factor_; }

 private:
  int64_t factor_;
};

/// The way back; see pixel_unshuffle. Throws ValueError for a factor below 1.
class PixelUnshuffle final : public Module {
 public:
  explicit PixelUnshuffle(int64_t factor);
  std::string type() const override { return "PixelUnshuffle"; }
  Tensor forward(const Tensor& x) override;
  int64_t factor() const { return factor_; }

 private:
  int64_t factor_;
};

/// The channels of x[N, ..., C] dealt out anew; see channel_shuffle. Throws ValueError for less
/// than one group.
class ChannelShuffle final : public Module {
 public:
  explicit ChannelShuffle(int64_t groups);
  std::string type() const override { return "ChannelShuffle"; }
  Tensor forward(const Tensor& x) override;
  int64_t groups() const { return groups_; }

 private:
  int64_t groups_;
};

/// The windows of images as rows; see unfold.
class Unfold final : public Module {
 public:
  explicit Unfold(const UnfoldOptions& options) : options_(options) {}
  std::string type() const override { return "Unfold"; }
  Tensor forward(const Tensor& x) override;
  const UnfoldOptions& options() const { return options_; }

 private:
  UnfoldOptions options_;
};

/// Rows of taps summed to images of `size`; see fold.
class Fold final : public Module {
 public:
  Fold(Size2 size, const UnfoldOptions& options) : size_(size), options_(options) {}
  std::string type() const override { return "Fold"; }
  Tensor forward(const Tensor& x) override;
  const UnfoldOptions& options() const { return options_; }

 private:
  Size2 size_;
  UnfoldOptions options_;
};

}  // namespace strata::nn
