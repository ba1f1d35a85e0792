#include "strata/text/tokenizer_folder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "strata/base/error.h"

namespace strata {
namespace {

namespace fs = std::filesystem;

/// In the order in which transformers gives numbers to those that lack one.
constexpr std::array<const char*, 7> kSpecial = {"bos_token", "eos_token", "unk_token", "sep_token",
                                                 "pad_token", "cls_token", "mask_token"};
constexpr int64_t kMostTokens = int64_t{1} << 40;

JsonValue object_if_present(const fs::path& path) {
  if (!fs::exists(path)) return JsonValue(JsonValue::Object());
  JsonValue json = read_json(path.string());
  if (!json.is_object()) throw FormatError(path.string(), "is no JSON object");
  return json;
}

/// A token is a text, or an object with its text.
AddedToken read_token(const std::string& path, const JsonValue& json, bool special) {
  if (json.is_string()) {
    return {.content = json.as<std::string>(), .special = special, .normalized = !special};
  }
  if (!json.is_object()) throw FormatError(path, "an added token must be a text or an object");
  if (value_or(path, json, "single_word", false)) {
    throw FormatError(path, "added tokens that stand for single words are not supported");
  }
  return {.content = value_or(path, json, "content", std::string()),
          .special = value_or(path, json, "special", special),
          .lstrip = value_or(path, json, "lstrip", false),
          .rstrip = value_or(path, json, "rstrip", false),
          .normalized = value_or(path, json, "normalized", !special)};
}

std::string class_of(const std::string& path, const JsonValue& config, const fs::path& beside) {
  std::string kind = value_or(path, config, "tokenizer_class", std::string());
  if (kind.empty()) {
    const JsonValue model = object_if_present(beside);
    kind = value_or(beside.string(), model, "tokenizer_class", std::string());
    const std::string type = value_or(beside.string(), model, "model_type", std::string());
    if (kind.empty() && type == "gpt2") kind = "GPT2Tokenizer";
    if (kind.empty() && (type == "bert" || type == "distilbert")) kind = "BertTokenizer";
  }
  constexpr std::string_view kFast = "Fast";
  if (kind.ends_with(kFast)) kind.resize(kind.size() - kFast.size());
  return kind;
}

/// Gathers tokens, each text once, and numbers those that come without.
class TokenList {
 public:
  TokenList(const std::vector<std::pair<std::string, int64_t>>& vocabulary,
            std::vector<AddedToken>& tokens)
      : numbers_(vocabulary.begin(), vocabulary.end()), tokens_(tokens) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      places_.emplace(tokens[i].content, i);
      // Absurd ones are refused by whoever makes the tokenizer.
      if (tokens[i].id < kMostTokens) largest_ = std::max(largest_, tokens[i].id);
    }
  }

  AddedToken* find(const std::string& token) {
    const auto at = places_.find(token);
    return at == places_.end() ? nullptr : &tokens_[at->second];
  }

  void append(AddedToken token) {
    if (token.content.empty()) return;
    const auto size = static_cast<int64_t>(numbers_.size());
    const auto at = numbers_.find(token.content);
    token.id = at != numbers_.end() ? at->second : std::max(size, largest_ + 1);
    largest_ = std::max(largest_, token.id);
    places_.emplace(token.content, tokens_.size());
    tokens_.push_back(std::move(token));
  }

 private:
  std::unordered_map<std::string, int64_t> numbers_;
  std::unordered_map<std::string, size_t> places_;
  std::vector<AddedToken>& tokens_;
  int64_t largest_ = -1;
};

}  // namespace

TokenizerFolder::TokenizerFolder(const fs::path& folder)
    : path_((folder / "tokenizer_config.json").string()), config_(object_if_present(path_)) {
  kind_ = class_of(path_, config_, folder / "config.json");
  read_special(path_, config_);
  const JsonValue* decoder = config_.find("added_tokens_decoder");
  has_decoder_ = decoder && !decoder->is_null();
  if (has_decoder_) {
    read_decoder(*decoder);
  } else {  // transformers heeds the older files only then
    const fs::path map = folder / "special_tokens_map.json";
    read_special(map.string(), object_if_present(map));
    read_added_file(folder / "added_tokens.json");
  }
}

bool TokenizerFolder::file_decides() const {
  return kind_ == "PreTrainedTokenizer" || kind_ == "TokenizersBackend";
}

void TokenizerFolder::take_special(const std::string& name, std::string& token) const {
  const auto at = special_.find(name);
  if (at != special_.end()) token = at->second.content;
}

void TokenizerFolder::read_special(const std::string& path, const JsonValue& json) {
  for (const auto& [name, value] : json.members()) {
    if (!name.ends_with("_token")) continue;
    if (value.is_null()) special_.erase(name);
    if (value.is_string() || value.is_object()) {
      special_.insert_or_assign(name, read_token(path, value, true));
    }
  }
  for (const char* name : {"extra_special_tokens", "additional_special_tokens"}) {
    const JsonValue* list = json.find(name);
    if (list && !list->is_null()) return read_list(path, *list);
  }
}

void TokenizerFolder::read_list(const std::string& path, const JsonValue& list) {
  more_.clear();
  for (const JsonValue& t : list.elements()) more_.push_back(read_token(path, t, true));
  for (const auto& [name, t] : list.members()) more_.push_back(read_token(path, t, true));
}

void TokenizerFolder::read_decoder(const JsonValue& decoder) {
  for (const auto& [number, token] : decoder.members()) {
    int64_t id = -1;
    const char* last = number.data() + number.size();
    const auto [end, error] = std::from_chars(number.data(), last, id);
    if (error != std::errc() || end != last || !token.is_object()) {
      throw FormatError(path_, "\"added_tokens_decoder\" must hold tokens by their numbers");
    }
    const bool special = value_or(path_, token, "special", false);
    listed_.insert_or_assign(id, read_token(path_, token, special));
  }
}

void TokenizerFolder::read_added_file(const fs::path& path) {
  const JsonValue json = object_if_present(path);
  std::unordered_set<std::string> named;
  for (const auto& [name, token] : special_) named.insert(token.content);
  for (const AddedToken& token : more_) named.insert(token.content);
  for (const auto& [text, number] : json.members()) {
    const bool special = named.contains(text);
    listed_.insert_or_assign(
        read_value<int64_t>(path.string(), text, number),
        AddedToken{.content = text, .special = special, .normalized = !special});
  }
}

void TokenizerFolder::add_tokens(const std::vector<std::pair<std::string, int64_t>>& vocabulary,
                                 bool rebuilt, std::vector<AddedToken>& added) const {
  if (rebuilt && has_decoder_) added.clear();
  TokenList tokens(vocabulary, added);
  for (const auto& [number, token] : listed_) {
    AddedToken* known = tokens.find(token.content);
    if (!known) {
      tokens.append(token);
    } else if (has_decoder_) {
      const int64_t id = known->id;
      *known = token;
      known->id = id;
    }
  }
  const auto add_special = [&](const AddedToken& token) {
    AddedToken* known = tokens.find(token.content);
    if (known) {
      known->special = true;
    } else {
      tokens.append(token);
    }
  };
  for (const char* name : kSpecial) {
    const auto at = special_.find(name);
    if (at != special_.end()) add_special(at->second);
  }
  for (const auto& [name, token] : special_) add_special(token);
  for (const AddedToken& token : more_) add_special(token);
}

std::vector<AddedToken> read_added_tokens(const std::string& path, const JsonValue& json) {
  std::vector<AddedToken> added;
  const JsonValue* list = json.find("added_tokens");
  if (!list || list->is_null()) return added;
  if (!list->is_array()) throw FormatError(path, "\"added_tokens\" must be a list");
  for (const JsonValue& t : list->elements()) {
    if (!t.is_object()) throw FormatError(path, "an added token must be an object");
    const bool special = value_or(path, t, "special", false);
    added.push_back(read_token(path, t, special));
    added.back().id = value_or<int64_t>(path, t, "id", -1);
  }
  return added;
}

}  // namespace strata
