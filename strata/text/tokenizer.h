#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "strata/text/utf8.h"

namespace strata {

/// Text to numbers and back. Any number of threads may use one at once.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// One more than the largest number.
  virtual int64_t size() const = 0;
  /// The numbers of a text, without any that a model wants around it. What is not UTF-8 counts as
  /// U+FFFD.
  virtual std::vector<int64_t> encode(std::string_view text) const = 0;
  /// The bytes that a token adds to a text, which need not be whole characters. `first` says that
  /// nothing stands before it. ByteBpe and WordPiece, whose networks are often padded to more
  /// tokens, have none for a number without a token. Throws IndexError for other numbers.
  virtual std::string piece(int64_t id, bool first = false) const = 0;
  /// The number of a token as it is written in the vocabulary: "<|endoftext|>", "[MASK]".
  virtual std::optional<int64_t> find(std::string_view token) const = 0;

  /// The text of some tokens; U+FFFD for what is not UTF-8. Throws IndexError.
  std::string decode(std::span<const int64_t> ids) const;
};

/// Decodes tokens as they come, never half a character.
class TokenStream {
 public:
  explicit TokenStream(const Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}

  /// What can be shown now; may be empty. Throws IndexError.
  std::string push(int64_t id);
  /// The rest, where the last character stayed incomplete.
  std::string finish() { return bytes_.finish(); }

 private:
  const Tokenizer* tokenizer_;
  Utf8Stream bytes_;
  bool first_ = true;
};

}  // namespace strata
