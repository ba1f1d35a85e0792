#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <string>

#include "strata/nn/module.h"
#include "strata/ops/pad.h"

namespace strata::nn {

/// What PyTorch's padding layers take: one number for all sides, or one for each in PyTorch's
/// order, of which negative ones cut off: {left, right}, {left, right, top, bottom}, {left, right,
/// top, bottom, front, back}.
template <int axes>
struct Padding {
  template <std::integral Size>
  Padding(Size all) {
    sizes.fill(static_cast<int64_t>(all));
  }
  template <std::integral... Sizes>
  requires(sizeof...(Sizes) == 2 * axes) Padding(Sizes... each)
      : sizes{static_cast<int64_t>(each)...} {}

  std::array<int64_t, 2 * axes> sizes;
};

/// What the layers below share: [N, L, C], [N, H, W, C] or [N, D, H, W, C] with more or less around
/// all axes but N and C; N may be left out. Throws ShapeError for an x of another rank, else as
/// pad. PyTorch's layers of the same names; Pad1d, Pad2d and Pad3d are the same by names of sides.
class PaddingLayer : public Module {
 public:
  std::string type() const override { return type_; }
  Tensor forward(const Tensor& x) override;

 protected:
  template <int axes>
  PaddingLayer(const char* type, const Padding<axes>& padding, PadMode mode, double value = 0)
      : type_(type), axes_(axes), mode_(mode), value_(value) {
    std::copy(padding.sizes.begin(), padding.sizes.end(), sizes_.begin());
  }

 private:
  const char* type_;
  int axes_;
  PadMode mode_;
  double value_;
  std::array<int64_t, 6> sizes_ = {};
};

/// x mirrored about its edge elements, which are not repeated.
class ReflectionPad1d final : public PaddingLayer {
 public:
  explicit ReflectionPad1d(const Padding<1>& padding)
      : PaddingLayer("ReflectionPad1d", padding, PadMode::reflect) {}
};
class ReflectionPad2d final : public PaddingLayer {
 public:
  explicit ReflectionPad2d(const Padding<2>& padding)
      : PaddingLayer("ReflectionPad2d", padding, PadMode::reflect) {}
};
class ReflectionPad3d final : public PaddingLayer {
 public:
  explicit ReflectionPad3d(const Padding<3>& padding)
      : PaddingLayer("ReflectionPad3d", padding, PadMode::reflect) {}
};

/// The edge elements again and again.
class ReplicationPad1d final : public PaddingLayer {
 public:
  explicit ReplicationPad1d(const Padding<1>& padding)
      : PaddingLayer("ReplicationPad1d", padding, PadMode::replicate) {}
};
class ReplicationPad2d final : public PaddingLayer {
 public:
  explicit ReplicationPad2d(const Padding<2>& padding)
      : PaddingLayer("ReplicationPad2d", padding, PadMode::replicate) {}
};
class ReplicationPad3d final : public PaddingLayer {
 public:
  explicit ReplicationPad3d(const Padding<3>& padding)
      : PaddingLayer("ReplicationPad3d", padding, PadMode::replicate) {}
};

/// x once more from its other end.
class CircularPad1d final : public PaddingLayer {
 public:
  explicit CircularPad1d(const Padding<1>& padding)
      : PaddingLayer("CircularPad1d", padding, PadMode::circular) {}
};
class CircularPad2d final : public PaddingLayer {
 public:
  explicit CircularPad2d(const Padding<2>& padding)
      : PaddingLayer("CircularPad2d", padding, PadMode::circular) {}
};
class CircularPad3d final : public PaddingLayer {
 public:
  explicit CircularPad3d(const Padding<3>& padding)
      : PaddingLayer("CircularPad3d", padding, PadMode::circular) {}
};

/// Zeros.
class ZeroPad1d final : public PaddingLayer {
 public:
  explicit ZeroPad1d(const Padding<1>& padding)
      : PaddingLayer("ZeroPad1d", padding, PadMode::constant) {}
};
class ZeroPad2d final : public PaddingLayer {
 public:
  explicit ZeroPad2d(const Padding<2>& padding)
      : PaddingLayer("ZeroPad2d", padding, PadMode::constant) {}
};
class ZeroPad3d final : public PaddingLayer {
 public:
  explicit ZeroPad3d(const Padding<3>& padding)
      : PaddingLayer("ZeroPad3d", padding, PadMode::constant) {}
};

/// `value`.
class ConstantPad1d final : public PaddingLayer {
 public:
  explicit ConstantPad1d(const Padding<1>& padding, double value)
      : PaddingLayer("ConstantPad1d", padding, PadMode::constant, value) {}
};
class ConstantPad2d final : public PaddingLayer {
 public:
  explicit ConstantPad2d(const Padding<2>& padding, double value)
      : PaddingLayer("ConstantPad2d", padding, PadMode::constant, value) {}
};
class ConstantPad3d final : public PaddingLayer {
 public:
  explicit ConstantPad3d(const Padding<3>& padding, double value)
      : PaddingLayer("ConstantPad3d", padding, PadMode::constant, value) {}
};

}  // namespace strata::nn
