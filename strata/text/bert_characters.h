#pragma once

#include <cstdint>
#include <string>

namespace strata {

/// What BERT's tokenizer asks of code points. The answers are those of the `tokenizers` library,
/// whose categories are as of Unicode 8.

/// White space, which separates words.
bool is_bert_space(char32_t c);
/// Control, format and private characters and U+FFFD, which are dropped from a text.
bool is_bert_control(char32_t c);
/// What stands as a word of its own: Unicode's punctuation, and all of ASCII that is no letter,
/// digit or space.
bool is_bert_punctuation(char32_t c);
/// Chinese characters, each of which is a word.
bool is_bert_ideograph(char32_t c);

/// The text in lower case, character by character.
std::u32string bert_lower(const std::u32string& text);
/// The text without accents: decomposed by canonical equivalence (Unicode's form NFD), and without
/// nonspacing marks then.
std::u32string bert_strip_accents(const std::u32string& text);

}  // namespace strata
