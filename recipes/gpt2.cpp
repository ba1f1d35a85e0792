#include "models/language/gpt2.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "recipes/recipe.h"
#include "recipes/shared/embedded_tokens.h"
#include "recipes/shared/gpt2_text.h"
#include "recipes/shared/hub_config.h"
#include "recipes/shared/system.h"
#include "recipes/shared/tied_head.h"
#include "strata/base/error.h"
#include "strata/text/byte_bpe.h"

namespace strata::recipes {
namespace {

using models::GPT2;
using models::GPT2Config;

GPT2& network(System& system) { return static_cast<GPT2&>(*system.model); }

const std::string kHead = "lm_head.weight";

/// With and without the prefix "transformer."; masks that some files hold as buffers, and a head
/// that is tied, are left out.
TensorMap rename(TensorMap tensors, const Settings& settings) {
  const bool tied = settings.as<GPT2Config>().tie_word_embeddings &&
                    !has_own_head(tensors, kHead, "transformer.", "wte.weight");
  TensorMap out;
  for (auto& [name, value] : tensors) {
    if (name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias")) continue;
    if (name == kHead) {
      if (!tied) out[name] = value;
      continue;
    }
    out[name.starts_with("transformer.") ? name : "transformer." + name] = value;
  }
  return out;
}

/// A head that is not the embeddings counts, whatever config.json says.
void match(Settings& settings, const TensorMap& tensors) {
  if (tensors.contains(kHead)) settings.as<GPT2Config>().tie_word_embeddings = false;
}

TensorMap run(System& system, const TensorMap& in) {
  expect_arrays(system, in, {"input_ids", "attention_mask", "position_ids", "token_type_ids"});
  const auto ids = in.find("input_ids");
  if (ids == in.end()) {
    throw ValueError(system.name,
                     "takes input_ids, and may take attention_mask, position_ids "
                     "and token_type_ids");
  }
  const auto optional = [&](const char* name) {
    const auto at = in.find(name);
    return at == in.end() ? Tensor() : at->second;
  };
  GPT2& model = network(system);
  const Tensor hidden = model.hidden({.input_ids = ids->second,
                                      .attention_mask = optional("attention_mask"),
                                      .position_ids = optional("position_ids"),
                                      .token_type_ids = optional("token_type_ids")});
  return {{"last_hidden_state", hidden}, {"logits", model.head(hidden)}};
}

GenerateResult generate(System& system, const GenerateRequest& request, const TextSink& sink) {
  const ByteBpe tokenizer = ByteBpe::load(system.folder);
  std::vector<int64_t> stop = stop_tokens(system);
  if (const auto end = tokenizer.find("<|endoftext|>"); stop.empty() && end) stop = {*end};
  std::vector<int64_t> ids = tokenizer.encode(request.prompt);
  expect_embedded(system, tokenizer, ids, network(system).config().vocab_size);
  const auto tokens = static_cast<int64_t>(ids.size());
  return write_text({tokenizer, gpt2_next(network(system)), stop}, std::move(ids),
                    with_folder_defaults(request, system, tokens), sink);
}

/// What a config.json says in other words, and features that are not built here.
void adopt(Settings& settings, const HubConfig& config) {
  constexpr std::pair<const char*, const char*> kAliases[] = {
      {"hidden_size", "n_embd"},
      {"max_position_embeddings", "n_positions"},
      {"num_attention_heads", "n_head"},
      {"num_hidden_layers", "n_layer"}};
  HubConfig other;
  for (const auto& [alias, name] : kAliases) {
    const std::string value = value_of(config, alias, "");
    if (value.empty()) continue;
    if (value_of(config, name, value) != value) {
      throw ValueError("GPT2",
                       fmt::format("{} {} contradicts {} {}", alias, value, name, config.at(name)));
    }
    other[name] = value;
  }
  settings.take(other);
  const auto cross = config.find("add_cross_attention");
  if (cross != config.end() && cross->second == "true") {
    throw ValueError("GPT2", "add_cross_attention is not supported");
  }
}

std::string config_text(const Settings& settings, const HubConfig&) {
  const auto& c = settings.as<GPT2Config>();
  if (!c.bias) throw ValueError("GPT2", "the hub's gpt2 has biases in all layers");
  const auto token = [&](int64_t id) { return id < c.vocab_size ? std::to_string(id) : "null"; };
  return hub_config_text("gpt2", "GPT2LMHeadModel", settings,
                         {{"bias", ""},
                          {"n_inner", c.n_inner ? std::to_string(c.n_inner) : "null"},
                          {"bos_token_id", token(c.bos_token_id)},
                          {"eos_token_id", token(c.eos_token_id)}});
}

Recipe size(const char* name, const char* title, const char* summary) {
  return {.name = name,
          .title = title,
          .family = "language",
          .year = 2019,
          .paper = "Radford et al., Language models are unsupervised multitask learners",
          .summary = summary,
          .settings = [name] { return Settings::of(models::gpt2_config(name)); },
          .inputs =
              [](const Settings& settings) {
                return std::vector<Input>{
                    {"input_ids", {1, settings.as<GPT2Config>().n_positions}, DType::i64}};
              },
          .model =
              [](const Settings& settings) {
                return std::make_unique<GPT2>(settings.as<GPT2Config>());
              },
          .arrays = run,
          .rename = rename,
          .match = match,
          .hub = HubFamily{.model_type = "gpt2", .adopt = adopt, .config = config_text},
          .generate = generate,
          .narrow = [](System& system) { network(system).keep_matrices_in(DType::bf16); }};
}

}  // namespace

std::vector<Recipe> gpt2() {
  return {size("gpt2", "GPT-2", "Writes text: 12 blocks of causal attention, 124 million weights."),
          size("gpt2-medium", "GPT-2 medium", "24 blocks of width 1024, 355 million weights."),
          size("gpt2-large", "GPT-2 large", "36 blocks of width 1280, 774 million weights."),
          size("gpt2-xl", "GPT-2 XL", "48 blocks of width 1600, 1.56 billion weights.")};
}

}  // namespace strata::recipes
