#include "models/generative/residual_unet.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/ops/activations.h"
#include "strata/ops/joining.h"

namespace strata::models {
namespace {

/// The config, once it is known to make sense.
const ResidualUNetConfig& checked(const ResidualUNetConfig& c) {
  if (c.widths.empty() || c.up_widths.size() != c.widths.size()) {
    throw ValueError("ResidualUNet", fmt::format("{} .widths and {} .up_widths", c.widths.size(),
                                                 c.up_widths.size()));
  }
  for (int64_t width : c.widths) nn::require_positive("ResidualUNet", {{"widths", width}});
  for (int64_t width : c.up_widths) nn::require_positive("ResidualUNet", {{"up_widths", width}});
  nn::require_positive("ResidualUNet", {{"blocks", c.blocks}});
  return c;
}

}  // namespace

ResidualUNet::ResidualUNet(const ResidualUNetConfig& config)
    : config_(checked(config)),
      conv_in_({.in = config.channels, .out = config.widths[0], .kernel = 3, .padding = 1}),
      time_embedding_({.waves = config.time_waves, .width = config.time_width}),
      levels_(config.widths.size()),
      norm_out_({.groups = config.groups, .channels = config.up_widths[0], .silu = true}),
      conv_out_({.in = config.up_widths[0], .out = config.channels, .kernel = 3, .padding = 1}) {
  const auto block = [&](int64_t in, int64_t out) {
    return UNetBlock(
        {.in = in, .out = out, .time_width = config.time_width, .groups = config.groups});
  };
  int64_t width = config.widths[0];
  for (size_t i = 0; i < levels_.size(); ++i) {
    for (int64_t k = 0; k < config.blocks; ++k) {
      levels_[i].down.push_back(block(width, config.widths[i]));
      width = config.widths[i];
    }
    if (i + 1 == levels_.size() && !config.halve_last) continue;
    levels_[i].halve.emplace(
        nn::Conv2dConfig{.in = width, .out = width, .kernel = 3, .stride = 2, .padding = 1});
  }
  mid_.push_back(block(width, width));
  if (config.attention) attention_.emplace(UNetAttentionConfig{.channels = width});
  mid_.push_back(block(width, width));
  for (size_t i = levels_.size(); i-- > 0;) {
    if (levels_[i].halve && config.doubled_conv) {
      levels_[i].doubled.emplace(
          nn::Conv2dConfig{.in = width, .out = width, .kernel = 3, .padding = 1});
    }
    for (int64_t k = 0; k < config.blocks; ++k) {
      levels_[i].up.push_back(block(width + config.widths[i], config.up_widths[i]));
      width = config.up_widths[i];
    }
  }
}

void ResidualUNet::members(nn::Visitor& v) {
  v("time_embedding", time_embedding_)("conv_in", conv_in_);
  for (size_t i = 0; i < levels_.size(); ++i) {
    Level& level = levels_[i];
    for (size_t k = 0; k < level.down.size(); ++k) {
      v(fmt::format("down.{}.blocks.{}", i, k), level.down[k]);
    }
    if (level.halve) v(fmt::format("down.{}.halve", i), *level.halve);
  }
  v("mid.0", mid_[0]);
  if (attention_) v("mid.attention", *attention_);
  v("mid.1", mid_[1]);
  for (size_t i = levels_.size(); i-- > 0;) {
    Level& level = levels_[i];
    if (level.doubled) v(fmt::format("up.{}.doubled", i), *level.doubled);
    for (size_t k = 0; k < level.up.size(); ++k) {
      v(fmt::format("up.{}.blocks.{}", i, k), level.up[k]);
    }
  }
  v("norm_out", norm_out_)("conv_out", conv_out_);
}

Tensor ResidualUNet::noise(const Tensor& x, const Tensor& t) {
  const Tensor time = silu(time_embedding_(t));
  Tensor h = conv_in_(x);
  std::vector<Tensor> skips;
  for (Level& level : levels_) {
    for (UNetBlock& block : level.down) {
      h = block(h, time);
      skips.push_back(h);
    }
    if (level.halve) h = (*level.halve)(h);
  }
  h = mid_[0](h, time);
  if (attention_) h = (*attention_)(h);
  h = mid_[1](h, time);
  for (size_t i = levels_.size(); i-- > 0;) {
    Level& level = levels_[i];
    if (level.halve) h = double_(h);
    if (level.doubled) h = (*level.doubled)(h);
    for (UNetBlock& block : level.up) {
      h = block(concat({h, skips.back()}, -1), time);
      skips.pop_back();
    }
  }
  return conv_out_(norm_out_(h));
}

}  // namespace strata::models
