#pragma once

#include <optional>
#include <vector>

#include "models/generative/denoiser.h"
#include "models/generative/unet_parts.h"
#include "strata/nn/layers/upsample.h"
#include "strata/nn/state_dict.h"

namespace strata::models {

struct DdpmUNetConfig {
  int64_t in = 3, out = 3;                             ///< channels of the images
  std::vector<int64_t> widths = {128, 256, 256, 256};  ///< of each resolution, the finest first
  std::vector<bool> attention = {false, true, false, false};  ///< after the blocks of each
  int64_t blocks = 2;  ///< of a resolution on the way down; up 1 more
  int64_t groups = 32;
  double eps = 1e-6;
  int64_t downsample_padding = 0;  ///< 0: a row and a column of zeros behind; 1: around
  bool cosines_first = false;      ///< of the time embedding, as the next
  double frequency_shift = 1;
};

/// The U-Net of denoising diffusion models: by default of CIFAR-10, 35,746,307 parameters. Images
/// f32[N, H, W, in], H and W multiples of 2^(resolutions - 1), and steps [N] to f32[N, H, W, out].
/// The names are those of diffusers' UNet2DModel; weights of its old names go through
/// `present_names`. Ho, Jain and Abbeel, "Denoising diffusion probabilistic models", 2020.
class DdpmUNet final : public Denoiser {
 public:
  /// Throws ValueError for sizes below 1 and unless `attention` has as many entries as `widths`.
  explicit DdpmUNet(const DdpmUNetConfig& config = {});

  std::string type() const override { return "DdpmUNet"; }
  void members(nn::Visitor& v) override;
  const DdpmUNetConfig& config() const { return config_; }

 protected:
  Tensor noise(const Tensor& x, const Tensor& t) override;

 private:
  /// The blocks of one resolution, on the way down or up.
  struct Level {
    std::vector<UNetBlock> resnets;
    std::vector<UNetAttention> attentions;  ///< after each block, or none
    std::optional<nn::Conv2d> resize;       ///< of the halved or doubled image; none at the end

    Tensor block(size_t i, const Tensor& x, const Tensor& time);
    void members(nn::Visitor& v, const std::string& path, const char* resize_name);
  };
  void add_level(std::vector<Level>& to, const std::vector<int64_t>& ins, int64_t out,
                 bool attention, nn::Conv2dConfig resize);
  UNetBlock block(int64_t in, int64_t out) const;
  Tensor halve(nn::Conv2d& conv, const Tensor& x) const;

  DdpmUNetConfig config_;
  nn::Conv2d conv_in_;
  TimeEmbedding time_embedding_;
  std::vector<Level> down_, up_;
  std::vector<UNetBlock> mid_;
  std::optional<UNetAttention> mid_attention_;
  nn::Upsample double_;
  std::optional<nn::GroupNorm> norm_out_;
  std::optional<nn::Conv2d> conv_out_;
};

/// A dict with the names that diffusers gave to attention until 2023 (query, key, value, proj_attn)
/// under the present ones (to_q, to_k, to_v, to_out.0).
nn::StateDict present_names(const nn::StateDict& state);

}  // namespace strata::models
