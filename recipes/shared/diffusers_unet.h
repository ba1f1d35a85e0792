#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "models/generative/ddpm_unet.h"
#include "models/generative/diffusion.h"
#include "recipes/recipe.h"

namespace strata::recipes {

/// What folders of the diffusers library say of a UNet2DModel and its scheduler; the fields bear
/// the names of its config.json where they are one number there. By default google/ddpm-cifar10-32.
struct DiffusersUNet {
  int64_t sample_size = 32, in_channels = 3, out_channels = 3;
  std::string widths = "128,256,256,256";  ///< of each resolution, the finest first
  std::string attention = "0,1,0,0";       ///< 1: after the blocks of that resolution
  int64_t layers_per_block = 2, norm_num_groups = 32, downsample_padding = 0;
  double norm_eps = 1e-6, freq_shift = 1;
  bool flip_sin_to_cos = false;
  int64_t noise_steps = 1000;
  std::string noise = "linear";  ///< or "cosine"
  double beta_start = 1e-4, beta_end = 0.02;
  std::string variance = "fixed_small";  ///< of the noise that ancestral sampling adds
  /// What else the folder's scheduler_config.json says, in JSON: how that library samples.
  std::map<std::string, std::string> scheduler = {};

  void fields(FieldVisitor& v);
  /// Throws ValueError for lists that are none.
  models::DdpmUNetConfig config() const;
  models::NoiseSchedule schedule() const;
  bool large_variance() const { return variance == "fixed_large"; }
};

/// Takes over a folder's config.json and scheduler. Throws ValueError for what is not built here,
/// and for options of the scheduler by which pictures would be others than those drawn here.
void adopt_diffusers(Settings& settings, const HubConfig& config);

/// The config.json of a UNet2DModel.
std::string diffusers_config_text(const Settings& settings);

/// What besides the network's folder a DDPMPipeline needs: model_index.json and its scheduler's,
/// with all options of the folder that the settings came from. Throws ValueError for an unknown
/// schedule.
std::map<std::string, std::string> diffusers_files(const Settings& settings);

}  // namespace strata::recipes
