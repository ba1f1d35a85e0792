#include "models/generative/ddpm_unet.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/ops/activations.h"
#include "strata/ops/joining.h"
#include "strata/ops/pad.h"

namespace strata::models {
namespace {

/// The config, once it is known to make sense.
const DdpmUNetConfig& checked(const DdpmUNetConfig& c) {
  if (c.widths.empty() || c.attention.size() != c.widths.size()) {
    throw ValueError("DdpmUNet", fmt::format("{} .widths and {} entries of .attention",
                                             c.widths.size(), c.attention.size()));
  }
  for (int64_t width : c.widths) nn::require_positive("DdpmUNet", {{"widths", width}});
  nn::require_positive("DdpmUNet", {{"blocks", c.blocks}});
  if (c.downsample_padding != 0 && c.downsample_padding != 1) {
    throw ValueError("DdpmUNet", fmt::format(".downsample_padding = {} is neither 0 nor 1",
                                             c.downsample_padding));
  }
  return c;
}

}  // namespace

UNetBlock DdpmUNet::block(int64_t in, int64_t out) const {
  return UNetBlock({.in = in,
                    .out = out,
                    .time_width = 4 * config_.widths[0],
                    .groups = config_.groups,
                    .eps = config_.eps});
}

void DdpmUNet::add_level(std::vector<Level>& to, const std::vector<int64_t>& ins, int64_t out,
                         bool attention, nn::Conv2dConfig resize) {
  Level level;
  for (int64_t in : ins) {
    level.resnets.push_back(block(in, out));
    if (!attention) continue;
    level.attentions.emplace_back(
        UNetAttentionConfig{.channels = out, .groups = config_.groups, .eps = config_.eps});
  }
  resize.in = resize.out = out;
  if (resize.kernel != Size2(-1)) level.resize.emplace(resize);
  to.push_back(std::move(level));
}

DdpmUNet::DdpmUNet(const DdpmUNetConfig& config)
    : config_(checked(config)),
      conv_in_({.in = config.in, .out = config.widths[0], .kernel = 3, .padding = 1}),
      time_embedding_({.waves = config.widths[0],
                       .width = 4 * config.widths[0],
                       .cosines_first = config.cosines_first,
                       .frequency_shift = config.frequency_shift}) {
  const auto& widths = config_.widths;
  const size_t levels = widths.size();
  const auto blocks = static_cast<size_t>(config_.blocks);
  std::vector<int64_t> skips = {widths[0]};  // widths of what the way up joins to its input
  int64_t width = widths[0];
  for (size_t i = 0; i < levels; ++i) {
    std::vector<int64_t> ins(blocks, widths[i]);
    ins[0] = width;
    width = widths[i];
    skips.insert(skips.end(), blocks, width);
    const bool last = i + 1 == levels;
    if (!last) skips.push_back(width);
    add_level(
        down_, ins, width, config_.attention[i],
        last ? nn::Conv2dConfig{}
             : nn::Conv2dConfig{.kernel = 3, .stride = 2, .padding = config_.downsample_padding});
  }
  mid_.push_back(block(width, width));
  mid_attention_.emplace(
      UNetAttentionConfig{.channels = width, .groups = config_.groups, .eps = config_.eps});
  mid_.push_back(block(width, width));
  for (size_t i = levels; i-- > 0;) {
    std::vector<int64_t> ins;
    for (size_t k = 0; k <= blocks; ++k) {
      ins.push_back((k ? widths[i] : width) + skips.back());
      skips.pop_back();
    }
    width = widths[i];
    add_level(up_, ins, width, config_.attention[i],
              i ? nn::Conv2dConfig{.kernel = 3, .padding = 1} : nn::Conv2dConfig{});
  }
  norm_out_.emplace(nn::GroupNormConfig{
      .groups = config_.groups, .channels = width, .eps = config_.eps, .silu = true});
  conv_out_.emplace(nn::Conv2dConfig{.in = width, .out = config_.out, .kernel = 3, .padding = 1});
}

void DdpmUNet::Level::members(nn::Visitor& v, const std::string& path, const char* resize_name) {
  for (size_t i = 0; i < resnets.size(); ++i) {
    v(fmt::format("{}.resnets.{}", path, i), resnets[i]);
    if (!attentions.empty()) v(fmt::format("{}.attentions.{}", path, i), attentions[i]);
  }
  if (resize) v(fmt::format("{}.{}.0.conv", path, resize_name), *resize);
}

void DdpmUNet::members(nn::Visitor& v) {
  v("time_embedding", time_embedding_)("conv_in", conv_in_);
  for (size_t i = 0; i < down_.size(); ++i) {
    down_[i].members(v, fmt::format("down_blocks.{}", i), "downsamplers");
  }
  v("mid_block.resnets.0", mid_[0])("mid_block.attentions.0", *mid_attention_);
  v("mid_block.resnets.1", mid_[1]);
  for (size_t i = 0; i < up_.size(); ++i) {
    up_[i].members(v, fmt::format("up_blocks.{}", i), "upsamplers");
  }
  v("conv_norm_out", *norm_out_)("conv_out", *conv_out_);
}

Tensor DdpmUNet::Level::block(size_t i, const Tensor& x, const Tensor& time) {
  const Tensor y = resnets[i](x, time);
  return attentions.empty() ? y : attentions[i](y);
}

Tensor DdpmUNet::halve(nn::Conv2d& conv, const Tensor& x) const {
  return conv(config_.downsample_padding ? x : pad(x, {{1, 0, 1}, {2, 0, 1}}));
}

Tensor DdpmUNet::noise(const Tensor& x, const Tensor& t) {
  const Tensor time = silu(time_embedding_(t));
  Tensor h = conv_in_(x);
  std::vector<Tensor> skips = {h};
  for (Level& level : down_) {
    for (size_t i = 0; i < level.resnets.size(); ++i) {
      h = level.block(i, h, time);
      skips.push_back(h);
    }
    if (!level.resize) continue;
    h = halve(*level.resize, h);
    skips.push_back(h);
  }
  h = mid_[1]((*mid_attention_)(mid_[0](h, time)), time);
  for (Level& level : up_) {
    for (size_t i = 0; i < level.resnets.size(); ++i) {
      h = level.block(i, concat({h, skips.back()}, -1), time);
      skips.pop_back();
    }
    if (level.resize) h = (*level.resize)(double_(h));
  }
  return (*conv_out_)((*norm_out_)(h));
}

nn::StateDict present_names(const nn::StateDict& state) {
  constexpr std::array<std::array<const char*, 2>, 4> kRenamed = {{{".query.", ".to_q."},
                                                                   {".key.", ".to_k."},
                                                                   {".value.", ".to_v."},
                                                                   {".proj_attn.", ".to_out.0."}}};
  nn::StateDict out;
  for (const auto& [name, value] : state) {
    std::string present = name;
    for (const auto& [old, renamed] : kRenamed) {
      const size_t at = present.find(old);
      if (at != std::string::npos) present.replace(at, std::string(old).size(), renamed);
    }
    out[present] = value;
  }
  return out;
}

}  // namespace strata::models
