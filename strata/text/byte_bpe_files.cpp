// The files in which byte-level BPE comes: tokenizer.json of the `tokenizers` library, vocab.json
// with merges.txt, and OpenAI's encoder.json with vocab.bpe.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/gzip.h"
#include "strata/io/json.h"
#include "strata/text/byte_bpe.h"
#include "strata/text/tokenizer_folder.h"

namespace strata {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostBytes = int64_t{256} << 20;
constexpr const char* kEndOfText = "<|endoftext|>";
/// The class that takes of a tokenizer.json no more than its vocabulary, merges and post-processor.
constexpr const char* kRebuilt = "GPT2Tokenizer";

std::string read_text(const std::string& path) {
  ByteStream stream(path);
  return stream.read_all(kMostBytes);
}

const JsonValue& object_of(const std::string& path, const JsonValue& json, const char* key) {
  const JsonValue* at = json.find(key);
  if (!at || !at->is_object()) {
    throw FormatError(path, fmt::format("has no object \"{}\"", key));
  }
  return *at;
}

void read_vocabulary(const std::string& path, const JsonValue& json, ByteBpeConfig& config) {
  if (!json.is_object()) throw FormatError(path, "a vocabulary must be an object of numbers");
  for (const auto& [token, id] : json.members()) {
    if (!id.is_integer()) {
      throw FormatError(path, fmt::format("token '{}' has no whole number", token));
    }
    config.vocabulary.emplace_back(token, read_value<int64_t>(path, token, id));
  }
}

/// "left right".
std::pair<std::string, std::string> split_merge(const std::string& path, std::string_view line) {
  const size_t space = line.find(' ');
  if (space == 0 || space == std::string_view::npos || space + 1 == line.size() ||
      line.find(' ', space + 1) != std::string_view::npos) {
    throw FormatError(path, fmt::format("'{}' is no merge of two tokens", line.substr(0, 80)));
  }
  return {std::string(line.substr(0, space)), std::string(line.substr(space + 1))};
}

void read_merges_file(const std::string& path, ByteBpeConfig& config) {
  const std::string text = read_text(path);
  bool first = true;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool comment = std::exchange(first, false) && line.starts_with("#version");
    if (!comment && !line.empty()) config.merges.push_back(split_merge(path, line));
  }
}

void read_json_merges(const std::string& path, const JsonValue& merges, ByteBpeConfig& config) {
  if (!merges.is_array()) throw FormatError(path, "\"merges\" must be a list");
  for (const JsonValue& merge : merges.elements()) {
    const auto& pair = merge.elements();
    if (merge.is_string()) {
      config.merges.push_back(split_merge(path, merge.as<std::string>()));
    } else if (pair.size() == 2 && pair[0].is_string() && pair[1].is_string()) {
      config.merges.emplace_back(pair[0].as<std::string>(), pair[1].as<std::string>());
    } else {
      throw FormatError(path, "a merge must be \"left right\" or two tokens");
    }
  }
}

std::string type_of(const std::string& path, const JsonValue& json, const char* key) {
  const JsonValue* at = json.find(key);
  if (!at || at->is_null()) return "";
  if (!at->is_object()) throw FormatError(path, fmt::format("\"{}\" must be an object", key));
  return value_or(path, *at, "type", std::string());
}

void refuse(const std::string& path, const char* what, const std::string& type) {
  throw FormatError(path, fmt::format("its {} is {}, not that of a byte-level BPE", what, type));
}

/// Refuses what would make other tokens.
void check_model(const std::string& path, const JsonValue& model, const ByteBpeConfig& config) {
  for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const std::string mark = value_or(path, model, name, std::string());
    if (!mark.empty()) refuse(path, name, fmt::format("'{}'", mark));
  }
  const double dropout = value_or(path, model, "dropout", 0.0);
  if (dropout > 0) refuse(path, "dropout", fmt::format("{}", dropout));
  const bool fallback = value_or(path, model, "byte_fallback", false);
  const bool used =
      fallback && std::any_of(config.vocabulary.begin(), config.vocabulary.end(),
                              [](const auto& t) { return t.first.starts_with("<0x"); });
  if (used) refuse(path, "byte_fallback", "true");
}

ByteBpeConfig from_tokenizer_json(const std::string& path, const TokenizerFolder& folder) {
  const JsonValue json = parse_json(path, read_text(path));
  if (!json.is_object()) throw FormatError(path, "is no JSON object");
  if (const auto type = type_of(path, json, "normalizer"); !type.empty()) {
    refuse(path, "normalizer", type);
  }
  const JsonValue& model = object_of(path, json, "model");
  const std::string kind = value_or(path, model, "type", std::string("BPE"));
  if (kind != "BPE") refuse(path, "model", kind);
  const std::string cut = type_of(path, json, "pre_tokenizer");
  if (cut != "ByteLevel") refuse(path, "pre_tokenizer", cut.empty() ? "absent" : cut);
  const JsonValue& level = json.at("pre_tokenizer");
  const std::string after = type_of(path, json, "post_processor");
  if (!after.empty() && after != "ByteLevel") refuse(path, "post_processor", after);

  ByteBpeConfig config;
  read_vocabulary(path, object_of(path, model, "vocab"), config);
  const JsonValue* merges = model.find("merges");
  if (!merges) throw FormatError(path, "has no list \"merges\"");
  read_json_merges(path, *merges, config);
  config.added = read_added_tokens(path, json);
  const bool rebuilt = folder.kind() == kRebuilt;
  if (!rebuilt) {
    check_model(path, model, config);
    config.prefix_space = value_or(path, level, "add_prefix_space", true);
    config.use_pattern = value_or(path, level, "use_regex", true);
    config.ignore_merges = value_or(path, model, "ignore_merges", false);
    config.unknown = value_or(path, model, "unk_token", std::string());
    config.fuse_unknown = value_or(path, model, "fuse_unk", false);
  }
  folder.add_tokens(config.vocabulary, rebuilt, config.added);
  return config;
}

ByteBpeConfig from_two_files(const std::string& vocabulary, const std::string& merges,
                             const TokenizerFolder& folder) {
  ByteBpeConfig config;
  read_vocabulary(vocabulary, parse_json(vocabulary, read_text(vocabulary)), config);
  read_merges_file(merges, config);
  folder.add_tokens(config.vocabulary, true, config.added);
  return config;
}

/// What holds for either kind of files.
ByteBpeConfig finish(const TokenizerFolder& folder, bool two_files, ByteBpeConfig config) {
  if (two_files || !folder.file_decides()) {
    config.prefix_space =
        value_or(folder.path(), folder.config(), "add_prefix_space", config.prefix_space);
  }
  if (!two_files && folder.kind() != kRebuilt) return config;
  const bool listed = std::any_of(config.added.begin(), config.added.end(),
                                  [](const AddedToken& t) { return t.content == kEndOfText; });
  for (const auto& [token, id] : config.vocabulary) {
    if (!listed && token == kEndOfText) config.added.push_back({.content = token, .id = id});
  }
  return config;
}

/// The file or its packed form; empty if there is neither.
std::string present(const fs::path& folder, const char* name) {
  for (const char* ending : {"", ".gz"}) {
    const fs::path path = folder / (std::string(name) + ending);
    if (fs::exists(path)) return path.string();
  }
  return "";
}

}  // namespace

ByteBpeConfig read_byte_bpe(const std::string& path) {
  const bool whole = fs::is_directory(path);
  const fs::path home = whole ? fs::path(path) : fs::path(path).parent_path();
  const TokenizerFolder folder(home);
  if (const auto json = whole ? present(path, "tokenizer.json") : ""; !json.empty()) {
    return finish(folder, false, from_tokenizer_json(json, folder));
  }
  const std::pair<const char*, const char*> pairs[] = {{"vocab.json", "merges.txt"},
                                                       {"encoder.json", "vocab.bpe"}};
  const std::string name = fs::path(path).filename().string();
  for (const auto& [vocabulary, merges] : pairs) {
    const bool meant = whole || name.starts_with(vocabulary) || name.starts_with(merges);
    if (!meant) continue;
    const std::string v = present(home, vocabulary), m = present(home, merges);
    if (!v.empty() && !m.empty()) return finish(folder, true, from_two_files(v, m, folder));
  }
  if (!whole) return finish(folder, false, from_tokenizer_json(path, folder));
  throw IoError(path, "holds no tokenizer",
                "tokenizer.json, vocab.json and merges.txt, or encoder.json and vocab.bpe");
}

ByteBpe ByteBpe::load(const std::string& path) { return ByteBpe(read_byte_bpe(path), path); }

}  // namespace strata
