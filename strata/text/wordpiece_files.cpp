// The files in which WordPiece comes: tokenizer.json of the `tokenizers` library, or vocab.txt with
// a token in each line; tokenizer_config.json beside either tells how text is prepared.
#include <filesystem>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/io/json.h"
#include "strata/text/wordpiece.h"

namespace strata {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostBytes = int64_t{256} << 20;
constexpr const char* kConfigFile = "tokenizer_config.json";

JsonValue parse_object(const std::string& path) {
  JsonValue json = read_json(path, kMostBytes);
  if (!json.is_object()) throw FormatError(path, "is no JSON object");
  return json;
}

/// Sets `value` from a key, if it is there and not null.
template <class T>
void take(const std::string& path, const JsonValue& json, const char* key, T& value) {
  value = value_or(path, json, key, value);
}

void take(const std::string& path, const JsonValue& json, const char* key,
          std::optional<bool>& value) {
  const JsonValue* at = json.find(key);
  if (at && !at->is_null()) value = read_value<bool>(path, key, *at);
}

/// An object within another, or an empty one.
const JsonValue& part_of(const std::string& path, const JsonValue& json, const char* key) {
  static const JsonValue kNone{JsonValue::Object()};
  const JsonValue* at = json.find(key);
  if (!at || at->is_null()) return kNone;
  if (!at->is_object()) throw FormatError(path, fmt::format("\"{}\" is no object", key));
  return *at;
}

void expect_type(const std::string& path, const char* what, const JsonValue& json,
                 const char* type) {
  std::string found = type;
  take(path, json, "type", found);
  if (found != type) {
    throw FormatError(path, fmt::format("its {} is {}, not BERT's ({})", what, found, type));
  }
}

void read_added(const std::string& path, const JsonValue& json, WordPieceConfig& config) {
  const JsonValue* list = json.find("added_tokens");
  if (!list || list->is_null()) return;
  if (!list->is_array()) throw FormatError(path, "\"added_tokens\" is no list");
  for (const JsonValue& t : list->elements()) {
    if (!t.is_object()) throw FormatError(path, "an added token is no object");
    AddedToken added = {.content = "", .id = -1, .special = false};
    take(path, t, "content", added.content);
    take(path, t, "id", added.id);
    take(path, t, "special", added.special);
    take(path, t, "lstrip", added.lstrip);
    take(path, t, "rstrip", added.rstrip);
    take(path, t, "normalized", added.normalized);
    bool single_word = false;
    take(path, t, "single_word", single_word);
    if (single_word) {
      throw FormatError(path, "added tokens that stand for single words are not supported");
    }
    config.added.push_back(added);
  }
}

void read_tokenizer_json(const std::string& path, WordPieceConfig& config) {
  const JsonValue json = parse_object(path);
  const JsonValue& normalizer = part_of(path, json, "normalizer");
  expect_type(path, "normalizer", normalizer, "BertNormalizer");
  expect_type(path, "pre_tokenizer", part_of(path, json, "pre_tokenizer"), "BertPreTokenizer");
  if (normalizer.members().empty()) {
    config.clean = config.split_ideographs = config.lower_case = false;
  }
  take(path, normalizer, "clean_text", config.clean);
  take(path, normalizer, "handle_chinese_chars", config.split_ideographs);
  take(path, normalizer, "strip_accents", config.strip_accents);
  take(path, normalizer, "lowercase", config.lower_case);
  const JsonValue& model = part_of(path, json, "model");
  expect_type(path, "model", model, "WordPiece");
  take(path, model, "unk_token", config.unknown);
  take(path, model, "continuing_subword_prefix", config.prefix);
  take(path, model, "max_input_chars_per_word", config.longest_word);
  const JsonValue* vocabulary = model.find("vocab");
  if (!vocabulary || !vocabulary->is_object()) {
    throw FormatError(path, "its model has no object \"vocab\"");
  }
  for (const auto& [token, id] : vocabulary->members()) {
    if (!id.is_integer()) {
      throw FormatError(path, fmt::format("token '{}' has no whole number", token));
    }
    config.vocabulary.emplace_back(token, read_value<int64_t>(path, token, id));
  }
  read_added(path, json, config);
}

void read_vocabulary(const std::string& path, WordPieceConfig& config) {
  const std::string text = read_text_file(path, kMostBytes);
  int64_t id = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    config.vocabulary.emplace_back(line, id++);
  }
}

/// A token in tokenizer_config.json is a text, or an object with its text.
void take_token(const std::string& path, const JsonValue& json, const char* key,
                std::string& token) {
  const JsonValue* at = json.find(key);
  if (at && at->is_object()) {
    take(path, *at, "content", token);
  } else {
    take(path, json, key, token);
  }
}

void read_config(const fs::path& folder, WordPieceConfig& config) {
  const std::string path = (folder / kConfigFile).string();
  if (!fs::exists(path)) return;
  const JsonValue json = parse_object(path);
  take(path, json, "do_lower_case", config.lower_case);
  take(path, json, "strip_accents", config.strip_accents);
  take(path, json, "tokenize_chinese_chars", config.split_ideographs);
  take_token(path, json, "unk_token", config.unknown);
  take_token(path, json, "cls_token", config.classify);
  take_token(path, json, "sep_token", config.separate);
  take_token(path, json, "pad_token", config.pad);
  take_token(path, json, "mask_token", config.mask);
}

/// The special tokens of a vocabulary that comes without a list of them.
void add_special(WordPieceConfig& config) {
  const std::string* special[] = {&config.unknown, &config.separate, &config.pad, &config.classify,
                                  &config.mask};
  for (const auto& [token, id] : config.vocabulary) {
    for (const std::string* s : special) {
      if (token == *s) config.added.push_back({.content = token, .id = id});
    }
  }
}

}  // namespace

WordPieceConfig read_wordpiece(const std::string& path) {
  const bool folder = fs::is_directory(path);
  fs::path file = path;
  if (folder) {
    file = fs::path(path) / "tokenizer.json";
    if (!fs::exists(file)) file = fs::path(path) / "vocab.txt";
    if (!fs::exists(file)) {
      throw IoError(path, "holds no tokenizer", "tokenizer.json or vocab.txt");
    }
  }
  WordPieceConfig config;
  const bool json = file.extension() == ".json";
  if (json) read_tokenizer_json(file.string(), config);
  read_config(folder ? fs::path(path) : file.parent_path(), config);
  if (!json) read_vocabulary(file.string(), config);
  if (config.added.empty()) add_special(config);
  return config;
}

WordPiece WordPiece::load(const std::string& path) { return WordPiece(read_wordpiece(path), path); }

}  // namespace strata
