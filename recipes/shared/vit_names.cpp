#include "recipes/shared/vit_names.h"

#include <array>
#include <string>
#include <utility>

#include "strata/ops/joining.h"
#include "strata/ops/views.h"

namespace strata::recipes {
namespace {

using Names = std::pair<std::string, std::string>;  // the hub's, torchvision's

const std::string kHubBlock = "encoder.layer.";
const std::string kTorchvisionBlock = "encoder.layers.encoder_layer_";
constexpr std::array<const char*, 3> kParts = {"query", "key", "value"};

/// Beginnings of names outside of blocks, and behind a block's number.
const std::array<Names, 6> kOutside = {Names{"embeddings.cls_token", "class_token"},
                                       {"embeddings.position_embeddings", "encoder.pos_embedding"},
                                       {"embeddings.patch_embeddings.projection.", "conv_proj."},
                                       {"layernorm.", "encoder.ln."},
                                       {"classifier.", "heads.head."},
                                       {"pooler.dense.", "pooler.dense."}};
const std::array<Names, 5> kInside = {Names{"layernorm_before.", "ln_1."},
                                      {"attention.output.dense.", "self_attention.out_proj."},
                                      {"layernorm_after.", "ln_2."},
                                      {"intermediate.dense.", "mlp.0."},
                                      {"output.dense.", "mlp.3."}};

template <size_t n>
std::string translated(const std::string& name, const std::array<Names, n>& table, bool to_hub) {
  for (const auto& [hub, torchvision] : table) {
    const std::string& from = to_hub ? torchvision : hub;
    if (name.starts_with(from)) return (to_hub ? hub : torchvision) + name.substr(from.size());
  }
  return name;
}

/// "mlp.linear_1." of torchvision's first files.
std::string modern(const std::string& inside) {
  constexpr std::array<std::pair<const char*, const char*>, 2> kOld = {
      {{"mlp.linear_1.", "mlp.0."}, {"mlp.linear_2.", "mlp.3."}}};
  for (const auto& [old, now] : kOld) {
    if (inside.starts_with(old)) return now + inside.substr(std::string_view(old).size());
  }
  return inside;
}

/// One tensor of a block, `begin` being the block's name in the network.
void put_inside(TensorMap& out, const std::string& begin, const std::string& inside,
                const Tensor& value, bool to_hub) {
  const std::string joined = "self_attention.in_proj_";
  if (to_hub && inside.starts_with(joined) && value.rank() > 0 && value.size(0) % 3 == 0) {
    const int64_t size = value.size(0) / 3;
    for (size_t i = 0; i < kParts.size(); ++i) {
      const auto first = static_cast<int64_t>(i) * size;
      out[begin + "attention.attention." + kParts[i] + "." + inside.substr(joined.size())] =
          slice(value, 0, first, first + size);
    }
    return;
  }
  out[begin + translated(modern(inside), kInside, to_hub)] = value;
}

/// Puts queries, keys and values of the hub's names together.
void join_parts(TensorMap& tensors) {
  const std::string ending = "attention.attention.query.";
  TensorMap joined;
  for (const auto& [name, value] : tensors) {
    const size_t at = name.find(ending);
    if (at == std::string::npos) continue;
    const std::string begin = name.substr(0, at), kind = name.substr(at + ending.size());
    std::vector<Tensor> parts;
    for (const char* part : kParts) {
      const auto found = tensors.find(begin + "attention.attention." + part + "." + kind);
      if (found != tensors.end()) parts.push_back(found->second);
    }
    if (parts.size() == kParts.size()) {
      joined[begin + "self_attention.in_proj_" + kind] = concat(parts);
    }
  }
  std::erase_if(tensors, [&](const auto& entry) {
    return !joined.empty() && entry.first.find(".attention.attention.") != std::string::npos;
  });
  tensors.merge(joined);
}

}  // namespace

TensorMap rename_vit(const TensorMap& tensors, const models::ViTConfig& config) {
  const bool to_hub = config.naming == "huggingface";
  const bool classifies = config.architecture == "ViTForImageClassification";
  const std::string prefix = to_hub && classifies ? "vit." : "";
  TensorMap out;
  for (const auto& [file_name, value] : tensors) {
    std::string name = file_name.starts_with("vit.") ? file_name.substr(4) : file_name;
    bool block = false;
    for (const std::string& begin : {kHubBlock, kTorchvisionBlock}) {
      const size_t dot = name.find('.', begin.size());
      if (!name.starts_with(begin) || dot == std::string::npos) continue;
      const std::string number = name.substr(begin.size(), dot - begin.size());
      put_inside(out, prefix + (to_hub ? kHubBlock : kTorchvisionBlock) + number + ".",
                 name.substr(dot + 1), value, to_hub);
      block = true;
      break;
    }
    if (block) continue;
    name = translated(name, kOutside, to_hub);
    const bool head = name.starts_with(to_hub ? "classifier." : "heads.");
    if (name.starts_with("pooler.") ? classifies : head && !classifies) continue;
    out[head ? name : prefix + name] = value;
  }
  if (!to_hub) join_parts(out);
  return out;
}

}  // namespace strata::recipes
