// The files in which WordPiece comes: tokenizer.json of the `tokenizers` library, or vocab.txt with
// a token in each line; what lies beside either tells how text is prepared.
#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/io/json.h"
#include "strata/text/tokenizer_folder.h"
#include "strata/text/wordpiece.h"

namespace strata {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostBytes = int64_t{256} << 20;

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

/// A template's pieces as "[CLS]:0 A:0 [SEP]:0".
std::string template_text(const std::string& path, const JsonValue& json, const char* key) {
  const JsonValue* list = json.find(key);
  std::string text;
  if (!list) return text;
  for (const JsonValue& piece : list->elements()) {
    const JsonValue& token = part_of(path, piece, "SpecialToken");
    const JsonValue& part = token.members().empty() ? part_of(path, piece, "Sequence") : token;
    text +=
        fmt::format("{}{}:{}", text.empty() ? "" : " ", value_or(path, part, "id", std::string()),
                    value_or<int64_t>(path, part, "type_id", 0));
  }
  return text;
}

bool has_number(const std::string& path, const WordPieceConfig& config, const std::string& token,
                const JsonValue& number) {
  if (!number.is_integer()) return false;
  const auto id = read_value<int64_t>(path, token, number);
  return std::any_of(config.vocabulary.begin(), config.vocabulary.end(),
                     [&](const auto& t) { return t.first == token && t.second == id; }) ||
         std::any_of(config.added.begin(), config.added.end(),
                     [&](const AddedToken& t) { return t.content == token && t.id == id; });
}

bool is_bert_processing(const std::string& path, const JsonValue& json,
                        const WordPieceConfig& config) {
  const auto is = [&](const char* key, const std::string& token) {
    const JsonValue* pair = json.find(key);
    return pair && pair->elements().size() == 2 && pair->elements()[0].is_string() &&
           pair->elements()[0].as<std::string>() == token &&
           has_number(path, config, token, pair->elements()[1]);
  };
  return is("cls", config.classify) && is("sep", config.separate);
}

bool is_bert_template(const std::string& path, const JsonValue& json,
                      const WordPieceConfig& config) {
  const auto is = [&](const std::string& token) {
    const JsonValue* ids =
        part_of(path, part_of(path, json, "special_tokens"), token.c_str()).find("ids");
    return ids && ids->elements().size() == 1 &&
           has_number(path, config, token, ids->elements()[0]);
  };
  const std::string one = fmt::format("{}:0 A:0 {}:0", config.classify, config.separate);
  return is(config.classify) && is(config.separate) && template_text(path, json, "single") == one &&
         template_text(path, json, "pair") == fmt::format("{} B:1 {}:1", one, config.separate);
}

/// encode_pair can put nothing but [CLS] A [SEP] B [SEP] together.
void check_post_processor(const std::string& path, const JsonValue& json,
                          const WordPieceConfig& config) {
  const JsonValue& after = part_of(path, json, "post_processor");
  const std::string type = value_or(path, after, "type", std::string("absent"));
  const bool right = (type == "BertProcessing" && is_bert_processing(path, after, config)) ||
                     (type == "TemplateProcessing" && is_bert_template(path, after, config));
  if (right) return;
  throw FormatError(path, fmt::format("its post_processor ({}) is not BERT's: {} A {} B {}", type,
                                      config.classify, config.separate, config.separate));
}

void read_options(const std::string& path, const JsonValue& json, WordPieceConfig& config) {
  if (part_of(path, json, "pre_tokenizer").members().empty()) {
    throw FormatError(path, "its pre_tokenizer is absent, not BERT's (BertPreTokenizer)");
  }
  const JsonValue& normalizer = part_of(path, json, "normalizer");
  if (normalizer.members().empty()) {
    config.clean = config.split_ideographs = config.lower_case = false;
  }
  take(path, normalizer, "clean_text", config.clean);
  take(path, normalizer, "handle_chinese_chars", config.split_ideographs);
  take(path, normalizer, "strip_accents", config.strip_accents);
  take(path, normalizer, "lowercase", config.lower_case);
  const JsonValue& model = part_of(path, json, "model");
  take(path, model, "unk_token", config.unknown);
  take(path, model, "continuing_subword_prefix", config.prefix);
  take(path, model, "max_input_chars_per_word", config.longest_word);
}

JsonValue read_tokenizer_json(const std::string& path, WordPieceConfig& config) {
  JsonValue json = parse_object(path);
  const JsonValue& model = part_of(path, json, "model");
  expect_type(path, "normalizer", part_of(path, json, "normalizer"), "BertNormalizer");
  expect_type(path, "pre_tokenizer", part_of(path, json, "pre_tokenizer"), "BertPreTokenizer");
  expect_type(path, "model", model, "WordPiece");
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
  config.added = read_added_tokens(path, json);
  return json;
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

void read_config(const TokenizerFolder& folder, WordPieceConfig& config) {
  const std::string& path = folder.path();
  take(path, folder.config(), "do_lower_case", config.lower_case);
  take(path, folder.config(), "strip_accents", config.strip_accents);
  take(path, folder.config(), "tokenize_chinese_chars", config.split_ideographs);
}

void read_names(const TokenizerFolder& folder, WordPieceConfig& config) {
  folder.take_special("unk_token", config.unknown);
  folder.take_special("cls_token", config.classify);
  folder.take_special("sep_token", config.separate);
  folder.take_special("pad_token", config.pad);
  folder.take_special("mask_token", config.mask);
}

/// The special tokens of a vocabulary that comes without a list of them.
void add_special(WordPieceConfig& config) {
  std::set<std::string> missing = {config.unknown, config.separate, config.pad, config.classify,
                                   config.mask};
  for (const AddedToken& t : config.added) missing.erase(t.content);
  for (const auto& [token, id] : config.vocabulary) {
    if (missing.contains(token)) config.added.push_back({.content = token, .id = id});
  }
}

}  // namespace

WordPieceConfig read_wordpiece(const std::string& path) {
  const bool whole = fs::is_directory(path);
  fs::path file = path;
  if (whole) {
    file = fs::path(path) / "tokenizer.json";
    if (!fs::exists(file)) file = fs::path(path) / "vocab.txt";
    if (!fs::exists(file)) {
      throw IoError(path, "holds no tokenizer", "tokenizer.json or vocab.txt");
    }
  }
  const TokenizerFolder folder(whole ? fs::path(path) : file.parent_path());
  const bool is_json = file.extension() == ".json";
  const bool rebuilt =
      !is_json || folder.kind() == "BertTokenizer" || folder.kind() == "DistilBertTokenizer";
  WordPieceConfig config;
  JsonValue json;
  if (is_json) {
    json = read_tokenizer_json(file.string(), config);
  } else {
    read_vocabulary(file.string(), config);
  }
  if (!rebuilt) read_options(file.string(), json, config);
  if (rebuilt || !folder.file_decides()) read_config(folder, config);
  read_names(folder, config);
  folder.add_tokens(config.vocabulary, rebuilt, config.added);
  if (rebuilt || config.added.empty()) add_special(config);
  if (!rebuilt) check_post_processor(file.string(), json, config);
  return config;
}

WordPiece WordPiece::load(const std::string& path) { return WordPiece(read_wordpiece(path), path); }

}  // namespace strata
