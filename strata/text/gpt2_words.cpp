#include "strata/text/gpt2_words.h"

#include "strata/text/unicode.h"
#include "strata/text/utf8.h"

namespace strata {
namespace {

/// Bytes at the front that form "'s", "'re" and the like; 0 if none do.
size_t contraction(std::string_view text) {
  for (const std::string_view known : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.starts_with(known)) return known.size();
  }
  return 0;
}

/// Bytes from `at` on that are characters of one class.
size_t run_end(std::string_view text, size_t at, CharClass kind) {
  while (at < text.size()) {
    const Utf8Character c = first_character(text.substr(at));
    if (char_class(c.code) != kind) break;
    at += c.length;
  }
  return at;
}

/// White space: all of it at the end of the text, else all but its last character, which may belong
/// to the next word.
size_t space_end(std::string_view text) {
  const size_t end = run_end(text, 0, CharClass::space);
  if (end == text.size()) return end;
  size_t last = end - 1;
  while ((static_cast<unsigned char>(text[last]) & 0xc0) == 0x80) --last;
  return last > 0 ? last : end;
}

size_t word_length(std::string_view text) {
  if (const size_t n = contraction(text)) return n;
  const size_t front = text[0] == ' ' && text.size() > 1 ? 1 : 0;
  const CharClass kind = char_class(first_character(text.substr(front)).code);
  return kind == CharClass::space ? space_end(text) : run_end(text, front, kind);
}

}  // namespace

void for_each_gpt2_word(std::string_view text, FunctionRef<void(std::string_view)> word) {
  while (!text.empty()) {
    const size_t n = word_length(text);
    word(text.substr(0, n));
    text.remove_prefix(n);
  }
}

}  // namespace strata
