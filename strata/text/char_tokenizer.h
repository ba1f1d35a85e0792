#pragma once

#include "strata/text/char_vocabulary.h"
#include "strata/text/tokenizer.h"

namespace strata {

/// A character vocabulary as a tokenizer: each character is a token.
class CharTokenizer final : public Tokenizer {
 public:
  explicit CharTokenizer(CharVocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}

  int64_t size() const override { return vocabulary_.size(); }
  /// Throws ValueError for a character that is not in the vocabulary.
  std::vector<int64_t> encode(std::string_view text) const override {
    return vocabulary_.encode(text);
  }
  std::string piece(int64_t id, bool first = false) const override;
  std::optional<int64_t> find(std::string_view token) const override;

 private:
  CharVocabulary vocabulary_;
};

}  // namespace strata
