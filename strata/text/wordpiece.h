#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "strata/text/added_tokens.h"
#include "strata/text/tokenizer.h"

namespace strata {

/// What a WordPiece tokenizer is made of.
struct WordPieceConfig {
  /// Tokens with their numbers; those that continue a word begin with `prefix`.
  std::vector<std::pair<std::string, int64_t>> vocabulary = {};
  std::vector<AddedToken> added = {};
  std::string prefix = "##";
  std::string unknown = "[UNK]";   ///< stands for words that no tokens make up
  std::string classify = "[CLS]";  ///< in front of what a network reads
  std::string separate = "[SEP]";  ///< behind each of its texts
  std::string pad = "[PAD]";       ///< fills shorter texts
  std::string mask = "[MASK]";     ///< stands for what is to be guessed
  int64_t longest_word = 100;      ///< characters; longer words are unknown
  bool lower_case = true;
  std::optional<bool> strip_accents = {};  ///< as lower_case if left out
  bool split_ideographs = true;            ///< each Chinese character is a word
  bool clean = true;                       ///< drop control characters
};

/// Reads a tokenizer.json or vocab.txt, or a folder with either, and what lies beside it, see
/// TokenizerFolder. Of a tokenizer.json transformers' BertTokenizer takes only the vocabulary.
/// Throws IoError; FormatError for damaged files and for a tokenizer.json that asks for something
/// else.
WordPieceConfig read_wordpiece(const std::string& path);

/// One or two texts as a network reads them: [CLS] first [SEP] second [SEP].
struct TokenPair {
  std::vector<int64_t> ids;
  std::vector<int64_t> types;  ///< 0 for the first text, 1 for the second
};

/// BERT's tokenizer: words are what lies between white space, punctuation and Chinese characters;
/// each is cut, from its front, into the longest tokens there are. Equal to the `tokenizers`
/// library's BertNormalizer, BertPreTokenizer and WordPiece. Devlin et al., "BERT: Pre-training of
/// deep bidirectional transformers for language understanding", 2019; Wu et al., "Google's neural
/// machine translation system", 2016.
class WordPiece final : public Tokenizer {
 public:
  /// Throws FormatError, tagged `where`, for a number that is negative, absurd or given twice, for
  /// an empty added token, and a vocabulary without the unknown token.
  explicit WordPiece(const WordPieceConfig& config, const std::string& where = "WordPiece");

  /// From what read_wordpiece finds there, with its errors.
  static WordPiece load(const std::string& path);

  int64_t size() const override { return static_cast<int64_t>(tokens_.size()); }
  std::vector<int64_t> encode(std::string_view text) const override;
  std::string piece(int64_t id, bool first = false) const override;
  std::optional<int64_t> find(std::string_view token) const override;

  /// The token as written in the vocabulary. Throws IndexError.
  const std::string& token(int64_t id) const;
  /// Whether it is one of those that stand for no text, such as [SEP].
  bool is_special(int64_t id) const;
  /// One or two texts with [CLS] and [SEP]; with a limit above 0 the longer text is cut at its end,
  /// token by token, until all fits. Throws ValueError where the vocabulary lacks those tokens.
  TokenPair encode_pair(std::string_view first, std::optional<std::string_view> second = {},
                        int64_t limit = 0) const;
  /// The texts of tokens without the special ones.
  std::string text_of(std::span<const int64_t> ids) const;
  const WordPieceConfig& config() const { return config_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  using Ids = std::unordered_map<std::string, int64_t, Hash, std::equal_to<>>;

  void place(const std::string& token, int64_t id, const std::string& where);
  int64_t needed(const std::string& token) const;
  std::u32string normalized(std::string_view text) const;
  void encode_part(std::string_view text, std::vector<int64_t>& out) const;
  void encode_words(std::string_view text, std::vector<int64_t>& out) const;
  void encode_word(std::u32string_view word, std::vector<int64_t>& out) const;

  WordPieceConfig config_;  // without the vocabulary
  std::vector<std::optional<std::string>> tokens_;
  Ids whole_, continued_;  // of the vocabulary, `continued_` without the prefix
  Ids added_;
  std::vector<AddedToken> raw_added_, normalized_added_;
  size_t longest_token_ = 0;  // in bytes
  int64_t limit_ = 0;         // of the numbers
};

}  // namespace strata
