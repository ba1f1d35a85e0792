#pragma once

#include <optional>
#include <vector>

#include "models/generative/denoiser.h"
#include "models/generative/unet_parts.h"
#include "strata/nn/layers/upsample.h"

namespace strata::models {

/// Fields that are vectors have one entry for each resolution, the finest first.
struct ResidualUNetConfig {
  int64_t channels = 1;                       ///< of the images
  std::vector<int64_t> widths = {32, 64};     ///< of the blocks on the way down
  std::vector<int64_t> up_widths = {32, 32};  ///< and up
  int64_t blocks = 1;                         ///< of a resolution, each way
  bool halve_last = true;     ///< the blocks in the middle are at half the last resolution
  bool attention = true;      ///< between those blocks
  bool doubled_conv = false;  ///< a 3x3 convolution after each doubling
  int64_t time_waves = 64, time_width = 64;
  int64_t groups = 8;
};

/// A small U-Net for diffusion: by default of 28x28 digits, 395,681 parameters. Each block on the
/// way up sees the result of the one at its place on the way down. Images f32[N, H, W, channels],
/// H and W divisible by 2 for each halving, and steps [N] to f32[N, H, W, channels]. After Ho, Jain
/// and Abbeel, "Denoising diffusion probabilistic models", 2020.
class ResidualUNet final : public Denoiser {
 public:
  /// Throws ValueError for sizes below 1 and unless up_widths has as many entries as widths.
  explicit ResidualUNet(const ResidualUNetConfig& config = {});

  std::string type() const override { return "ResidualUNet"; }
  void members(nn::Visitor& v) override;
  const ResidualUNetConfig& config() const { return config_; }

 protected:
  Tensor noise(const Tensor& x, const Tensor& t) override;

 private:
  struct Level {
    std::vector<UNetBlock> down, up;
    std::optional<nn::Conv2d> halve, doubled;
  };

  ResidualUNetConfig config_;
  nn::Conv2d conv_in_;
  TimeEmbedding time_embedding_;
  std::vector<Level> levels_;
  std::vector<UNetBlock> mid_;
  std::optional<UNetAttention> attention_;
  nn::Upsample double_;
  nn::GroupNorm norm_out_;
  nn::Conv2d conv_out_;
};

}  // namespace strata::models
