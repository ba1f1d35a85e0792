#include "recipes/shared/bert_text.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include <fmt/format.h>

#include "models/language/bert.h"
#include "strata/base/error.h"
#include "strata/io/json.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/extremes.h"
#include "strata/ops/joining.h"
#include "strata/ops/reduce.h"
#include "strata/ops/softmax.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/text/wordpiece.h"

namespace strata::recipes {
namespace {

namespace fs = std::filesystem;
using models::Bert;

Bert& network(System& system) { return static_cast<Bert&>(*system.model); }

WordPiece tokenizer_of(System& system) {
  WordPiece tokenizer = WordPiece::load(system.folder);
  if (tokenizer.size() > network(system).config().vocab_size) {
    throw ValueError(system.folder, "its tokenizer has more tokens than the network");
  }
  return tokenizer;
}

Tensor one_row(const std::vector<int64_t>& values) {
  return tensor(values, {1, static_cast<int64_t>(values.size())});
}

/// What turns hidden states into one vector.
struct Pooling {
  bool first = false, largest = false, mean = false, mean_sqrt = false;
  bool normalize = false, lower_case = false;
  int64_t longest = 0;  ///< tokens of a text
};

void read_pooling(const fs::path& path, Pooling& pooling) {
  const JsonValue json = read_json(path);
  if (!json.is_object()) throw FormatError(path.string(), "is no JSON object");
  std::pair<const char*, bool*> modes[] = {
      {"pooling_mode_cls_token", &pooling.first},
      {"pooling_mode_max_tokens", &pooling.largest},
      {"pooling_mode_mean_tokens", &pooling.mean},
      {"pooling_mode_mean_sqrt_len_tokens", &pooling.mean_sqrt}};
  for (const auto& [key, value] : json.members()) {
    if (!key.starts_with("pooling_mode") || !value.is_true()) continue;
    const auto mode = std::find_if(std::begin(modes), std::end(modes),
                                   [&key = key](const auto& m) { return key == m.first; });
    if (mode == std::end(modes)) throw FormatError(path.string(), key + " is not known here");
    *mode->second = true;
  }
}

/// What modules.json says of one module.
struct SentenceModule {
  std::string kind;  ///< "Pooling"
  std::string path;  ///< within the folder; empty: the folder itself
};

std::vector<SentenceModule> modules_of(const fs::path& folder) {
  const fs::path path = folder / "modules.json";
  const JsonValue list = read_json(path);
  if (!list.is_array()) throw FormatError(path.string(), "is no list");
  const auto text = [](const JsonValue& m, const char* key) {
    const JsonValue* at = m.find(key);
    return at && at->is_string() ? at->as<std::string>() : std::string();
  };
  std::vector<SentenceModule> modules;
  for (const JsonValue& m : list.elements()) {
    const std::string type = text(m, "type"), at = text(m, "path");
    const fs::path inside = fs::path(at).lexically_normal();
    if (inside.is_absolute() || (!at.empty() && *inside.begin() == "..")) {
      throw FormatError(path.string(), fmt::format("its path '{}' leads outside", at));
    }
    modules.push_back({type.substr(type.rfind('.') + 1), at});
  }
  return modules;
}

void read_modules(const fs::path& folder, Pooling& pooling) {
  for (const SentenceModule& m : modules_of(folder)) {
    if (m.kind == "Pooling") {
      read_pooling(folder / m.path / "config.json", pooling);
    } else if (m.kind == "Normalize") {
      pooling.normalize = true;
    } else if (m.kind != "Transformer") {
      throw FormatError((folder / "modules.json").string(),
                        fmt::format("its module '{}' is not known here", m.kind));
    }
  }
}

Pooling pooling_of(System& system) {
  Pooling pooling;
  const fs::path folder = system.folder;
  if (fs::exists(folder / "modules.json")) read_modules(folder, pooling);
  if (!pooling.first && !pooling.largest && !pooling.mean_sqrt) pooling.mean = true;
  const int64_t most = network(system).config().max_position_embeddings;
  pooling.longest = most;
  const fs::path path = folder / "sentence_bert_config.json";
  if (fs::exists(path)) {
    const JsonValue json = read_json(path);
    const auto length = value_or<int64_t>(path.string(), json, "max_seq_length", most);
    pooling.longest = std::clamp<int64_t>(length, 2, most);
    const JsonValue* lower_case = json.find("do_lower_case");
    pooling.lower_case = lower_case && lower_case->is_true();
  }
  return pooling;
}

/// hidden [1, T, D] to [1, D] for each way that is asked for, side by side.
Tensor pooled(const Tensor& hidden, const Pooling& pooling) {
  std::vector<Tensor> parts;
  if (pooling.first) parts.push_back(select(hidden, 1, 0));
  if (pooling.largest) parts.push_back(amax(hidden, {1}));
  if (pooling.mean) parts.push_back(mean(hidden, {1}));
  if (pooling.mean_sqrt) {
    parts.push_back(sum(hidden, {1}) / std::sqrt(static_cast<double>(hidden.size(1))));
  }
  const Tensor all = concat(parts, 1);
  if (!pooling.normalize) return all;
  const double norm = std::sqrt(sum(square(all)).item<double>());
  return all / std::max(norm, 1e-12);
}

}  // namespace

std::vector<Fill> fill_bert_mask(System& system, const std::string& text, int64_t count) {
  const WordPiece tokenizer = tokenizer_of(system);
  const auto mask = tokenizer.find(tokenizer.config().mask);
  std::vector<int64_t> ids = tokenizer.encode_pair(text).ids;
  const auto place = mask ? std::find(ids.begin(), ids.end(), *mask) : ids.end();
  if (!mask || std::count(ids.begin(), ids.end(), *mask) != 1) {
    throw ValueError(system.name, fmt::format("takes a text with one {}", tokenizer.config().mask));
  }
  const Tensor logits = network(system)(models::BertInputs{.input_ids = one_row(ids)}).logits;
  if (!logits.defined() || logits.size(-1) != network(system).config().vocab_size) {
    throw ValueError(system.name, "has no head that guesses masked tokens",
                     "the config.json of such a folder says BertForMaskedLM");
  }
  const Tensor row = select(select(logits, 0, 0), 0, place - ids.begin());
  const auto probabilities = softmax(row, -1).to_vector<double>();
  std::vector<int64_t> order(static_cast<size_t>(tokenizer.size()));
  std::iota(order.begin(), order.end(), 0);
  const auto wanted = std::min(order.size(), static_cast<size_t>(std::max<int64_t>(count, 0)));
  const auto likelier = [&](int64_t a, int64_t b) {
    return probabilities[static_cast<size_t>(a)] > probabilities[static_cast<size_t>(b)];
  };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(wanted), order.end(),
                    likelier);
  std::vector<Fill> fills;
  for (size_t i = 0; i < wanted; ++i) {
    *place = order[i];
    fills.push_back({.token = tokenizer.token(order[i]),
                     .sequence = tokenizer.text_of(ids),
                     .probability = probabilities[static_cast<size_t>(order[i])]});
  }
  return fills;
}

Tensor embed_with_bert(System& system, const std::vector<std::string>& texts) {
  const WordPiece tokenizer = tokenizer_of(system);
  const Pooling pooling = pooling_of(system);
  std::vector<Tensor> rows;
  for (std::string text : texts) {
    if (pooling.lower_case) {
      std::transform(text.begin(), text.end(), text.begin(),
                     [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    }
    const TokenPair tokens = tokenizer.encode_pair(text, {}, pooling.longest);
    const models::BertInputs in = {.input_ids = one_row(tokens.ids),
                                   .token_type_ids = one_row(tokens.types)};
    rows.push_back(pooled(network(system)(in).hidden, pooling));
  }
  return concat(rows, 0);
}

std::vector<std::string> sentence_modules(const std::string& folder) {
  std::vector<std::string> paths;
  for (const SentenceModule& m : modules_of(folder)) paths.push_back(m.path);
  return paths;
}

}  // namespace strata::recipes
