#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "strata/text/added_tokens.h"
#include "strata/text/tokenizer.h"

namespace strata {

/// What a byte-level BPE is made of.
struct ByteBpeConfig {
  /// Tokens in the alphabet of such files, where a printable character stands for each byte, with
  /// their numbers.
  std::vector<std::pair<std::string, int64_t>> vocabulary = {};
  /// Pairs of tokens, the first to be joined first.
  std::vector<std::pair<std::string, std::string>> merges = {};
  std::vector<AddedToken> added = {};
  /// The token for bytes that have none; where it is empty they are left out.
  std::string unknown = {};
  bool fuse_unknown = false;   ///< one for a run of such bytes
  bool prefix_space = false;   ///< put a space before a text that begins without
  bool use_pattern = true;     ///< cut by GPT-2's pattern; else each text is one word
  bool ignore_merges = false;  ///< a word that is a token stays one whatever the merges say
};

/// Reads a tokenizer.json, or a folder with a tokenizer.json, vocab.json and merges.txt, or
/// encoder.json and vocab.bpe, each perhaps packed (".gz"); of two files either may be named. What
/// lies beside them is heeded, see TokenizerFolder. Throws IoError; FormatError for damaged files,
/// and for a tokenizer.json that asks for something else.
ByteBpeConfig read_byte_bpe(const std::string& path);

/// Byte-level byte-pair encoding as GPT-2's: a text is cut into words by a pattern, and the bytes
/// of each are joined pair by pair. Every text has numbers, and decodes to itself. Sennrich et al.,
/// "Neural machine translation of rare words with subword units" (2016); Radford et al. (2019).
class ByteBpe final : public Tokenizer {
 public:
  /// Throws FormatError, tagged `where`, for a number that is negative, absurd or given twice, for
  /// merges of or to what is no token or in a circle, characters that stand for no byte, and an
  /// unknown token that is needed and not in the vocabulary.
  explicit ByteBpe(const ByteBpeConfig& config, const std::string& where = "ByteBpe");

  /// From what read_byte_bpe finds there, with its errors.
  static ByteBpe load(const std::string& path);

  int64_t size() const override { return static_cast<int64_t>(pieces_.size()); }
  std::vector<int64_t> encode(std::string_view text) const override;
  std::string piece(int64_t id, bool first = false) const override;
  std::optional<int64_t> find(std::string_view token) const override;
  const std::vector<AddedToken>& added() const { return added_; }

 private:
  struct Merge {
    int64_t rank, id;
  };

  std::vector<int64_t> ids_of_bytes(std::string_view word) const;
  void encode_part(std::string_view text, std::vector<int64_t>& out) const;
  void encode_words(std::string_view text, std::vector<int64_t>& out) const;
  void encode_word(std::string_view word, std::vector<int64_t>& out) const;
  const Merge* merge_of(int64_t left, int64_t right) const;

  std::vector<std::optional<std::string>> pieces_;  // bytes of each token
  std::unordered_map<std::string, int64_t> ids_;    // as written in the vocabulary
  std::unordered_map<std::string, int64_t> words_;  // of the vocabulary, by bytes
  std::unordered_map<uint64_t, Merge> merges_;      // of two numbers
  std::array<int64_t, 256> byte_ids_{};
  std::vector<AddedToken> added_, raw_added_, normalized_added_;
  int64_t unknown_ = -1;
  bool fuse_unknown_, prefix_space_, use_pattern_, ignore_merges_;
};

}  // namespace strata
