#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "strata/io/json.h"
#include "strata/text/added_tokens.h"

namespace strata {

/// What the files around a tokenizer's say of it, as transformers 5 takes it: config.json,
/// tokenizer_config.json, special_tokens_map.json and added_tokens.json.
class TokenizerFolder {
 public:
  /// Throws IoError; FormatError for damaged files, and tokens that stand for single words.
  explicit TokenizerFolder(const std::filesystem::path& folder);

  /// The class that transformers would make, without "Fast": "BertTokenizer". Empty if none is
  /// said.
  const std::string& kind() const { return kind_; }
  /// Whether that class takes a tokenizer.json as it is, whatever tokenizer_config.json says.
  bool file_decides() const;

  /// tokenizer_config.json, an empty object where there is none, and its path for errors.
  const JsonValue& config() const { return config_; }
  const std::string& path() const { return path_; }

  /// Sets `token` to what is said of a special token ("cls_token"), if anything is.
  void take_special(const std::string& name, std::string& token) const;

  /// Adds the tokens named in these files to those of a tokenizer.json, which a class that is
  /// `rebuilt` from the vocabulary takes only where tokenizer_config.json has no list. A token has
  /// its number in the vocabulary or else the next free one, as in transformers, which does not
  /// look at the numbers said.
  void add_tokens(const std::vector<std::pair<std::string, int64_t>>& vocabulary, bool rebuilt,
                  std::vector<AddedToken>& added) const;

 private:
  void read_special(const std::string& path, const JsonValue& json);
  void read_list(const std::string& path, const JsonValue& list);
  void read_decoder(const JsonValue& decoder);
  void read_added_file(const std::filesystem::path& path);

  std::string kind_, path_;
  JsonValue config_;
  bool has_decoder_ = false;
  std::map<std::string, AddedToken> special_;  // by what they are for: "cls_token"
  std::vector<AddedToken> more_;               // special ones for nothing in particular
  std::map<int64_t, AddedToken> listed_;       // by the number said
};

/// The "added_tokens" of a tokenizer.json. Throws FormatError.
std::vector<AddedToken> read_added_tokens(const std::string& path, const JsonValue& json);

}  // namespace strata
