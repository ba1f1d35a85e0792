#include "recipes/shared/diffusers_unet.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "recipes/shared/hub_config.h"
#include "strata/base/error.h"
#include "strata/io/json.h"

namespace strata::recipes {
namespace {

constexpr size_t kMostLevels = 16;
constexpr const char* kDiffusersVersion = "0.30.0";    // whose keys these are
constexpr std::string_view kScheduler = "scheduler.";  // begins its keys in a HubConfig
constexpr const char* kDdim = "DDIMScheduler";

/// The entries of a list: "down_block_types.0", ".1" and so on.
std::vector<std::string> list_of(const HubConfig& config, const std::string& key) {
  std::vector<std::string> values;
  for (size_t i = 0; i < kMostLevels; ++i) {
    const auto at = config.find(fmt::format("{}.{}", key, i));
    if (at == config.end()) break;
    values.push_back(at->second);
  }
  return values;
}

std::vector<int64_t> numbers_of(const char* field, const std::string& text) {
  std::vector<int64_t> values;
  const char* at = text.data();
  const char* end = at + text.size();
  while (true) {
    int64_t value = 0;
    const auto parsed = std::from_chars(at, end, value);
    if (parsed.ec != std::errc() || (parsed.ptr != end && *parsed.ptr != ',')) {
      throw ValueError(field, fmt::format("'{}' is no list of whole numbers: 128,256", text));
    }
    values.push_back(value);
    if (parsed.ptr == end) return values;
    at = parsed.ptr + 1;
  }
}

/// Which levels have attention, as "0,1"; the way up must mirror the way down.
std::string attention_of(const HubConfig& config) {
  const auto down = list_of(config, "down_block_types");
  auto up = list_of(config, "up_block_types");
  std::reverse(up.begin(), up.end());
  std::string text;
  for (size_t i = 0; i < down.size(); ++i) {
    const bool attends = down[i] == "AttnDownBlock2D";
    if ((!attends && down[i] != "DownBlock2D") || i >= up.size() ||
        up[i] != (attends ? "AttnUpBlock2D" : "UpBlock2D")) {
      throw ValueError("UNet2DModel",
                       fmt::format("the blocks of level {} are not known here: {}", i, down[i]),
                       "DownBlock2D with UpBlock2D, AttnDownBlock2D with AttnUpBlock2D");
    }
    text += fmt::format("{}{}", i ? "," : "", attends ? 1 : 0);
  }
  return text;
}

/// The one side of pictures that are given as [height, width].
std::string side_of(const HubConfig& config) {
  const std::vector<std::string> sides = list_of(config, "sample_size");
  if (sides.size() == 2 && sides[0] == sides[1]) return sides[0];
  throw ValueError("UNet2DModel", fmt::format("sample_size [{}] is not supported: pictures must be "
                                              "square",
                                              fmt::join(sides, ", ")));
}

/// Keys that must have one of these values, if they are there.
void refuse_others(const HubConfig& config) {
  const std::pair<const char*, std::vector<const char*>> known[] = {
      {"act_fn", {"silu", "swish"}},
      {"time_embedding_type", {"positional"}},
      {"resnet_time_scale_shift", {"default"}},
      {"downsample_type", {"conv"}},
      {"upsample_type", {"conv"}},
      {"center_input_sample", {"false"}},
      {"add_attention", {"true"}},
      {"mid_block_scale_factor", {"1", "1.0"}},
      {"mid_block_type", {"UNetMidBlock2D"}},
      {"attention_head_dim", {}},
      {"attn_norm_num_groups", {}},
      {"time_embedding_dim", {}},
      {"class_embed_type", {}},
      {"num_class_embeds", {}},
      {"scheduler.prediction_type", {"epsilon"}},
      {"scheduler.beta_schedule", {"linear", "squaredcos_cap_v2"}},
      {"scheduler.clip_sample", {"true"}},
      {"scheduler.clip_sample_range", {"1", "1.0"}},
      {"scheduler.thresholding", {"false"}},
      {"scheduler.rescale_betas_zero_snr", {"false"}},
      {"scheduler.variance_type", {"fixed_small", "fixed_small_log", "fixed_large"}},
      {"scheduler._class_name", {"DDPMScheduler", kDdim}},
      {"scheduler.trained_betas", {}}};
  for (const auto& [key, values] : known) {
    const auto at = config.find(key);
    if (at == config.end()) continue;
    if (std::find(values.begin(), values.end(), at->second) != values.end()) continue;
    throw ValueError("UNet2DModel", fmt::format("{} {} is not supported", key, at->second));
  }
}

/// A value that was text in a HubConfig, as JSON again.
std::string json_of(const std::string& text) {
  bool literal = text == "true" || text == "false";
  try {
    literal = literal || parse_json("", text).is_number();
  } catch (const FormatError&) {
    literal = false;
  }
  return literal ? text : JsonValue(text).text();
}

/// The scheduler's options, in JSON.
std::map<std::string, std::string> scheduler_of(const HubConfig& config) {
  std::map<std::string, std::string> options;
  for (const auto& [key, text] : config) {
    if (!key.starts_with(kScheduler)) continue;
    const std::string name = key.substr(kScheduler.size());
    if (name.find('.') != std::string::npos) {
      throw ValueError("UNet2DModel",
                       fmt::format("lists in the scheduler are not supported: {}", name));
    }
    options[name] = json_of(text);
  }
  return options;
}

/// What the diffusers library calls the way the noise grows. Throws ValueError.
const char* beta_schedule_of(const std::string& noise) {
  if (noise == "linear") return "linear";
  if (noise == "cosine") return "squaredcos_cap_v2";
  throw ValueError("schedule", fmt::format("{} is neither linear nor cosine", noise));
}

std::string in_quotes(const char* text) { return fmt::format("\"{}\"", text); }

/// The text of a scheduler_config.json.
std::string scheduler_text(const DiffusersUNet& s) {
  std::map<std::string, std::string> options = {{"_class_name", in_quotes("DDPMScheduler")},
                                                {"clip_sample", "true"},
                                                {"prediction_type", in_quotes("epsilon")}};
  if (s.large_variance()) options["variance_type"] = in_quotes("fixed_large");
  for (const auto& [name, value] : s.scheduler) options[name] = value;
  options["_diffusers_version"] = in_quotes(kDiffusersVersion);
  options["beta_start"] = fmt::format("{}", s.beta_start);
  options["beta_end"] = fmt::format("{}", s.beta_end);
  options["beta_schedule"] = in_quotes(beta_schedule_of(s.noise));
  options["num_train_timesteps"] = fmt::format("{}", s.noise_steps);
  std::string text;
  for (const auto& [name, value] : options) {
    text += fmt::format("{}  {}: {}", text.empty() ? "" : ",\n", JsonValue(name).text(), value);
  }
  return "{\n" + text + "\n}\n";
}

}  // namespace

void DiffusersUNet::fields(FieldVisitor& v) {
  v("sample_size", sample_size, "height and width of the pictures");
  v("in_channels", in_channels, "channels that go in");
  v("out_channels", out_channels, "channels that come out");
  v("widths", widths, "channels of each resolution, the finest first");
  v("attention", attention, "1: attention after the blocks of that resolution");
  v("layers_per_block", layers_per_block, "blocks of a resolution on the way down");
  v("norm_num_groups", norm_num_groups, "groups of the norms");
  v("downsample_padding", downsample_padding, "0: zeros behind, 1: around");
  v("norm_eps", norm_eps, "added to the variance in norms");
  v("freq_shift", freq_shift, "of the frequencies of the time embedding");
  v("flip_sin_to_cos", flip_sin_to_cos, "cosines first in the time embedding");
  v("noise_steps", noise_steps, "steps from a picture to noise");
  v("schedule", noise, "how the noise grows: linear or cosine");
  v("beta_start", beta_start, "first beta of the linear schedule");
  v("beta_end", beta_end, "its last");
  v("variance", variance, "of the noise that ancestral sampling adds: fixed_small or fixed_large");
}

models::DdpmUNetConfig DiffusersUNet::config() const {
  models::DdpmUNetConfig c;
  c.in = in_channels;
  c.out = out_channels;
  c.widths = numbers_of("widths", widths);
  c.attention.clear();
  for (int64_t on : numbers_of("attention", attention)) c.attention.push_back(on != 0);
  c.blocks = layers_per_block;
  c.groups = norm_num_groups;
  c.eps = norm_eps;
  c.downsample_padding = downsample_padding;
  c.cosines_first = flip_sin_to_cos;
  c.frequency_shift = freq_shift;
  return c;
}

models::NoiseSchedule DiffusersUNet::schedule() const {
  const bool linear = beta_schedule_of(noise) == std::string_view("linear");
  return linear ? models::NoiseSchedule::linear(noise_steps, beta_start, beta_end)
                : models::NoiseSchedule::cosine(noise_steps);
}

std::string diffusers_config_text(const Settings& settings) {
  const auto& s = settings.as<DiffusersUNet>();
  const models::DdpmUNetConfig c = s.config();
  std::vector<std::string> down, up;
  for (const bool attends : c.attention) {
    down.push_back(attends ? "\"AttnDownBlock2D\"" : "\"DownBlock2D\"");
    up.insert(up.begin(), attends ? "\"AttnUpBlock2D\"" : "\"UpBlock2D\"");
  }
  return fmt::format(R"({{
  "_class_name": "UNet2DModel",
  "_diffusers_version": "{}",
  "act_fn": "silu",
  "add_attention": true,
  "attention_head_dim": null,
  "block_out_channels": [{}],
  "center_input_sample": false,
  "down_block_types": [{}],
  "downsample_padding": {},
  "flip_sin_to_cos": {},
  "freq_shift": {},
  "in_channels": {},
  "layers_per_block": {},
  "mid_block_scale_factor": 1,
  "norm_eps": {},
  "norm_num_groups": {},
  "out_channels": {},
  "sample_size": {},
  "time_embedding_type": "positional",
  "up_block_types": [{}]
}}
)",
                     kDiffusersVersion, fmt::join(c.widths, ", "), fmt::join(down, ", "),
                     s.downsample_padding, s.flip_sin_to_cos, s.freq_shift, s.in_channels,
                     s.layers_per_block, s.norm_eps, s.norm_num_groups, s.out_channels,
                     s.sample_size, fmt::join(up, ", "));
}

std::map<std::string, std::string> diffusers_files(const Settings& settings) {
  const auto& s = settings.as<DiffusersUNet>();
  const auto sampler = s.scheduler.find("_class_name");
  const bool ddim = sampler != s.scheduler.end() && sampler->second == in_quotes(kDdim);
  const char* name = ddim ? "DDIM" : "DDPM";
  return {{"model_index.json", fmt::format(R"({{
  "_class_name": "{}Pipeline",
  "_diffusers_version": "{}",
  "scheduler": ["diffusers", "{}Scheduler"],
  "unet": ["diffusers", "UNet2DModel"]
}}
)",
                                           name, kDiffusersVersion, name)},
          {"scheduler/scheduler_config.json", scheduler_text(s)}};
}

void adopt_diffusers(Settings& settings, const HubConfig& config) {
  refuse_others(config);
  std::string widths;
  for (const std::string& w : list_of(config, "block_out_channels")) {
    widths += (widths.empty() ? "" : ",") + w;
  }
  HubConfig other = {{"noise_steps", value_of(config, "scheduler.num_train_timesteps", "1000")},
                     {"beta_start", value_of(config, "scheduler.beta_start", "0.0001")},
                     {"beta_end", value_of(config, "scheduler.beta_end", "0.02")}};
  const bool cosine = value_of(config, "scheduler.beta_schedule", "linear") != "linear";
  other["schedule"] = cosine ? "cosine" : "linear";
  other["variance"] = value_of(config, "scheduler.variance_type", "fixed_small");
  if (config.contains("sample_size.0")) other["sample_size"] = side_of(config);
  if (!widths.empty()) other["widths"] = widths;
  if (config.contains("down_block_types.0")) other["attention"] = attention_of(config);
  settings.take(other);
  settings.as<DiffusersUNet>().scheduler = scheduler_of(config);
}

}  // namespace strata::recipes
