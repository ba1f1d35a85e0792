#include "recipes/shared/sentence_folder.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/json.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/extremes.h"
#include "strata/ops/joining.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata::recipes {
namespace {

namespace fs = std::filesystem;

/// A pool's name in "pooling_mode", and the key that said it before there was one. In the order in
/// which those old keys put them side by side.
struct PoolName {
  const char *name, *old_key;
  Pool pool;
};
constexpr PoolName kPools[] = {
    {"cls", "pooling_mode_cls_token", Pool::first},
    {"max", "pooling_mode_max_tokens", Pool::largest},
    {"mean", "pooling_mode_mean_tokens", Pool::mean},
    {"mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens", Pool::mean_by_root},
    {"weightedmean", "pooling_mode_weightedmean_tokens", Pool::weighted_mean},
    {"lasttoken", "pooling_mode_lasttoken", Pool::last}};

JsonValue read_object(const fs::path& path) {
  JsonValue json = read_json(path);
  if (!json.is_object()) throw FormatError(path.string(), "is no JSON object");
  return json;
}

std::vector<Pool> named_pools(const std::string& path, const JsonValue& mode) {
  std::vector<Pool> pools;
  const JsonValue::Array one = {mode};
  for (const JsonValue& m : mode.is_array() ? mode.elements() : one) {
    const auto known = std::find_if(std::begin(kPools), std::end(kPools), [&](const PoolName& p) {
      return m.is_string() && m.as<std::string>() == p.name;
    });
    if (known == std::end(kPools)) {
      throw FormatError(path, fmt::format("the pooling_mode {} is not known here", m.brief()));
    }
    pools.push_back(known->pool);
  }
  if (pools.empty()) throw FormatError(path, "its pooling_mode is empty");
  return pools;
}

void read_pooling(const fs::path& file, SentenceFolder& how) {
  const std::string path = file.string();
  const JsonValue json = read_object(file);
  how.pool_prompt = value_or(path, json, "include_prompt", true);
  std::vector<Pool> pools;
  for (const PoolName& p : kPools) {
    if (value_or(path, json, p.old_key, false)) pools.push_back(p.pool);
  }
  for (const auto& [key, value] : json.members()) {
    const bool known = std::any_of(std::begin(kPools), std::end(kPools),
                                   [&key = key](const PoolName& p) { return key == p.old_key; });
    if (key.starts_with("pooling_mode_") && value.is_true() && !known) {
      throw FormatError(path, key + " is not known here");
    }
  }
  const JsonValue* mode = json.find("pooling_mode");
  if (mode) pools = named_pools(path, *mode);
  how.pools = pools.empty() ? std::vector{Pool::mean} : pools;
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

void read_modules(const fs::path& folder, SentenceFolder& how) {
  for (const SentenceModule& m : modules_of(folder)) {
    if (m.kind == "Pooling") {
      read_pooling(folder / m.path / "config.json", how);
    } else if (m.kind == "Normalize") {
      how.normalize = true;
    } else if (m.kind != "Transformer") {
      throw FormatError((folder / "modules.json").string(),
                        fmt::format("its module '{}' is not known here", m.kind));
    }
  }
}

/// The prompt that is meant where none is asked for.
std::string default_prompt(const fs::path& file) {
  if (!fs::exists(file)) return "";
  const std::string path = file.string();
  const JsonValue json = read_object(file);
  const auto name = value_or<std::string>(path, json, "default_prompt_name", "");
  if (name.empty()) return "";
  const JsonValue* prompts = json.find("prompts");
  if (prompts && prompts->find(name)) return value_or<std::string>(path, *prompts, name, "");
  if (name == "query" || name == "document") return "";  // which that library always has
  throw FormatError(path,
                    fmt::format("its default_prompt_name '{}' is not among its prompts", name));
}

/// The most tokens by the tokenizer's file, which may name a number beyond all integers.
int64_t tokenizer_limit(const fs::path& file, int64_t most) {
  if (!fs::exists(file)) return most;
  const auto length = value_or<double>(file.string(), read_object(file), "model_max_length",
                                       static_cast<double>(most));
  return length < static_cast<double>(most) ? static_cast<int64_t>(length) : most;
}

}  // namespace

SentenceFolder read_sentence_folder(const std::string& folder, int64_t most) {
  SentenceFolder how;
  const fs::path at = folder;
  if (fs::exists(at / "modules.json")) {
    read_modules(at, how);
    how.prompt = default_prompt(at / "config_sentence_transformers.json");
  }
  std::optional<int64_t> length;
  const fs::path path = at / "sentence_bert_config.json";
  if (fs::exists(path)) {
    const JsonValue json = read_object(path);
    how.lower_case = value_or(path.string(), json, "do_lower_case", false);
    const JsonValue* given = json.find("max_seq_length");
    if (given && !given->is_null()) {
      length = read_value<int64_t>(path.string(), "max_seq_length", *given);
    }
  }
  if (!length) length = tokenizer_limit(at / "tokenizer_config.json", most);
  how.longest = std::clamp<int64_t>(*length, 2, most);
  return how;
}

Tensor pool_sentence(const Tensor& hidden, const SentenceFolder& how, int64_t prompt) {
  const int64_t begin = how.pool_prompt ? 0 : prompt, end = hidden.size(1);
  if (begin >= end) {
    throw ValueError("embed",
                     "a text has no tokens beside those of the prompt, which do not count");
  }
  const Tensor kept = slice(hidden, 1, begin, end);
  const auto count = static_cast<double>(end - begin);
  std::vector<Tensor> parts;
  for (const Pool pool : how.pools) {
    switch (pool) {
      case Pool::first: parts.push_back(select(kept, 1, 0)); break;
      case Pool::largest: parts.push_back(amax(kept, {1})); break;
      case Pool::mean: parts.push_back(mean(kept, {1})); break;
      case Pool::mean_by_root: parts.push_back(sum(kept, {1}) / std::sqrt(count)); break;
      case Pool::weighted_mean: {
        const Tensor weights = reshape(
            arange(static_cast<double>(begin + 1), static_cast<double>(end + 1), 1, hidden.dtype()),
            {1, end - begin, 1});
        parts.push_back(sum(kept * weights, {1}) / sum(weights));
        break;
      }
      case Pool::last: parts.push_back(select(kept, 1, end - begin - 1)); break;
    }
  }
  const Tensor all = concat(parts, 1);
  if (!how.normalize) return all;
  const double norm = std::sqrt(sum(square(all)).item<double>());
  return all / std::max(norm, 1e-12);
}

std::vector<std::string> sentence_modules(const std::string& folder) {
  std::vector<std::string> paths;
  for (const SentenceModule& m : modules_of(folder)) paths.push_back(m.path);
  return paths;
}

}  // namespace strata::recipes
