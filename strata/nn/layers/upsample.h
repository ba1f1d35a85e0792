#pragma once

#include <array>
#include <concepts>
#include <cstdint>

#include "strata/nn/module.h"
#include "strata/ops/upsample.h"

namespace strata::nn {

/// A number for each axis between samples and channels, or one for all: `.size = {5, 3}`.
template <class T>
class PerAxis {
 public:
  constexpr PerAxis(T all)  // NOLINT(google-explicit-constructor)
      : values_{all}, count_(1) {}
  constexpr PerAxis(T height, T width) : values_{height, width}, count_(2) {}
  constexpr PerAxis(T depth, T height, T width) : values_{depth, height, width}, count_(3) {}
  constexpr PerAxis(Size2 s)  // NOLINT(google-explicit-constructor)
      requires std::same_as<T, int64_t> : PerAxis(s.h, s.w) {}
  constexpr PerAxis(Size3 s)  // NOLINT(google-explicit-constructor)
      requires std::same_as<T, int64_t> : PerAxis(s.d, s.h, s.w) {}

  /// How many were given; 1 stands for all axes.
  constexpr int count() const { return count_; }
  constexpr T operator[](int axis) const {
    return values_[count_ == 1 ? 0 : static_cast<size_t>(axis)];
  }
  bool operator==(const PerAxis&) const = default;

 private:
  std::array<T, 3> values_{};
  int count_ = 1;
};

struct UpsampleConfig {
  PerAxis<double> scale = 2;  ///< of each axis
  PerAxis<int64_t> size = 0;  ///< of the result, instead of a scale
  UpsampleMode mode = UpsampleMode::nearest;
  bool align_corners = false;  ///< of the linear modes and bicubic
};

/// Sequences [N, L, C], images [N, H, W, C] and volumes [N, D, H, W, C] `scale` times as large
/// along each axis, or of a given size; see upsample1d, upsample2d and upsample3d. Throws
/// ValueError for a scale that is not above 0 and a size below 0; forward throws ShapeError where x
/// has another number of axes than the config.
class Upsample final : public Module {
 public:
  explicit Upsample(const UpsampleConfig& config = {});
  std::string type() const override { return "Upsample"; }
  Tensor forward(const Tensor& x) override;
  const UpsampleConfig& config() const { return config_; }

 private:
  UpsampleConfig config_;
};

}  // namespace strata::nn
