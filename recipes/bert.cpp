#include "models/language/bert.h"

#include <algorithm>

#include "recipes/recipe.h"
#include "recipes/shared/bert_text.h"
#include "recipes/shared/hub_config.h"
#include "recipes/shared/system.h"
#include "recipes/shared/tied_head.h"
#include "strata/base/error.h"

namespace strata::recipes {
namespace {

using models::Bert;
using models::BertConfig;
using models::BertParts;

const std::string kTiedBias = "cls.predictions.bias";
const std::string kPooler = "pooler.dense.";
const std::string kOwnBias = "cls.predictions.decoder.bias";
const std::string kDecoder = "cls.predictions.decoder.weight";
constexpr int64_t kSketchLength = 128;  // of the text that a summary sends through

/// With and without the prefix "bert."; norms whose parameters are called gamma and beta; without
/// the heads that this network lacks, and a decoder that is tied.
TensorMap rename(TensorMap tensors, const Settings& settings) {
  const auto& config = settings.as<BertConfig>();
  const BertParts parts = models::bert_parts(config);
  const bool tied = config.tie_word_embeddings &&
                    !has_own_head(tensors, kDecoder, "bert.", "embeddings.word_embeddings.weight");
  TensorMap out;
  for (const auto& [file_name, value] : tensors) {
    std::string name = file_name;
    if (name.ends_with(".gamma")) name.replace(name.size() - 5, 5, "weight");
    if (name.ends_with(".beta")) name.replace(name.size() - 4, 4, "bias");
    if (name.starts_with("bert.")) name.erase(0, 5);
    if (name == "embeddings.position_ids") continue;
    if (name.starts_with("pooler.") && !parts.pooler) continue;
    if (name.starts_with("cls.predictions.") && !parts.predictions) continue;
    if (name.starts_with("cls.seq_relationship.") && !parts.relationship) continue;
    if (name == kDecoder && tied) continue;
    if (name == kTiedBias || name == kOwnBias) {
      const std::string wanted = tied ? kTiedBias : kOwnBias;
      if (name != wanted && tensors.contains(wanted)) continue;
      name = wanted;
    }
    const bool inner = name.starts_with("embeddings.") || name.starts_with("encoder.") ||
                       name.starts_with("pooler.");
    out[inner && parts.prefix ? "bert." + name : name] = value;
  }
  return out;
}

/// A BertModel whose weights hold no pooler was made without one, which its config.json does not
/// say. A decoder that is not the embeddings counts, whatever it says.
void match(Settings& settings, const TensorMap& tensors) {
  auto& config = settings.as<BertConfig>();
  const bool pooler = tensors.contains(kPooler + "weight") || tensors.contains(kPooler + "bias");
  if (config.architecture == "BertModel" && !pooler) config.add_pooling_layer = false;
  if (tensors.contains(kDecoder)) config.tie_word_embeddings = false;
}

TensorMap run(System& system, const TensorMap& in) {
  expect_arrays(system, in, {"input_ids", "attention_mask", "token_type_ids", "position_ids"});
  if (!in.contains("input_ids")) {
    throw ValueError(system.name,
                     "takes input_ids, and may take attention_mask, token_type_ids "
                     "and position_ids");
  }
  const auto input = [&](const char* name) {
    const auto at = in.find(name);
    return at == in.end() ? Tensor() : at->second;
  };
  const models::BertOutputs out = static_cast<Bert&>(*system.model)(
      models::BertInputs{.input_ids = input("input_ids"),
                         .attention_mask = input("attention_mask"),
                         .token_type_ids = input("token_type_ids"),
                         .position_ids = input("position_ids")});
  TensorMap named = {{"last_hidden_state", out.hidden}};
  if (out.pooled.defined()) named["pooler_output"] = out.pooled;
  if (out.logits.defined())
    named[out.relationship.defined() ? "prediction_logits" : "logits"] = out.logits;
  if (out.relationship.defined()) named["seq_relationship_logits"] = out.relationship;
  return named;
}

/// What a config.json says in other words, and features that are not built here.
void adopt(Settings& settings, const HubConfig& hub) {
  auto& config = settings.as<BertConfig>();
  const auto value = [&](const char* key, const char* otherwise) {
    const auto at = hub.find(key);
    return at == hub.end() ? std::string(otherwise) : at->second;
  };
  if (value("position_embedding_type", "absolute") != "absolute") {
    throw ValueError("Bert", "position_embedding_type must be absolute");
  }
  for (const char* key : {"is_decoder", "add_cross_attention"}) {
    if (value(key, "false") == "true")
      throw ValueError("Bert", std::string(key) + " is not supported");
  }
  config.architecture = value("architectures.0", "BertModel");
  const auto labels = std::count_if(hub.begin(), hub.end(), [](const auto& entry) {
    return entry.first.starts_with("id2label.");
  });
  if (labels > 0) config.num_labels = labels;
}

std::string config_text(const Settings& settings, const HubConfig& hub) {
  const auto& config = settings.as<BertConfig>();
  std::vector<std::pair<std::string, std::string>> more = {
      {"architecture", ""}, {"num_labels", ""}, {"add_pooling_layer", ""}};
  if (config.pad_token_id < 0) more.emplace_back("pad_token_id", "null");
  if (models::bert_parts(config).classifier) {
    for (auto& labels : hub_labels(config.num_labels, hub)) more.push_back(std::move(labels));
    more.push_back(hub_problem_type(hub));
  }
  return hub_config_text("bert", config.architecture, settings, more);
}

Recipe size(const char* name, const char* title, const char* summary) {
  return {.name = name,
          .title = title,
          .family = "language",
          .year = 2018,
          .paper = "Devlin et al., BERT: Pre-training of deep bidirectional transformers",
          .summary = summary,
          .settings = [name] { return Settings::of(models::bert_config(name)); },
          .inputs =
              [](const Settings& settings) {
                const int64_t most = settings.as<BertConfig>().max_position_embeddings;
                const Shape shape = {1, std::min(most, kSketchLength)};
                return std::vector<Input>{{"input_ids", shape, DType::i64},
                                          {"attention_mask", shape, DType::i64},
                                          {"token_type_ids", shape, DType::i64}};
              },
          .model =
              [](const Settings& settings) {
                return std::make_unique<Bert>(settings.as<BertConfig>());
              },
          .arrays = run,
          .rename = rename,
          .match = match,
          .hub = HubFamily{.model_type = "bert", .adopt = adopt, .config = config_text},
          .fill_mask = fill_bert_mask,
          .embed = embed_with_bert};
}

}  // namespace

std::vector<Recipe> bert() {
  return {
      size("bert-base-uncased", "BERT base",
           "Reads a text in both directions: 12 blocks of attention, 110 million weights."),
      size("bert-base-cased", "BERT base, cased",
           "The same with a vocabulary that tells capitals from small letters."),
      size("bert-large-uncased", "BERT large", "24 blocks of width 1024, 335 million weights.")};
}

}  // namespace strata::recipes
