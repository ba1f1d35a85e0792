#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace strata {

/// One character of a text and the bytes it takes.
struct Utf8Character {
  int64_t code = 0;    ///< U+FFFD where the bytes are not UTF-8
  size_t length = 0;   ///< of what it stands for: at least 1
  bool valid = false;  ///< false for bytes that are not UTF-8
  bool cut = false;    ///< the text ends within a character that began well
};

/// The character at the front of a text that is not empty. Of bytes that are not UTF-8 the longest
/// beginning of a character counts as one U+FFFD, as in the Unicode standard (3.9) and in Python.
Utf8Character first_character(std::string_view text);

/// Adds the bytes of a code point.
void append_utf8(int64_t code, std::string& out);

/// The text with U+FFFD in place of what is not UTF-8.
std::string repair_utf8(std::string_view text);
bool is_utf8(std::string_view text);

/// Bytes that come by and by, handed on in whole characters: what may still become one is kept.
class Utf8Stream {
 public:
  /// The characters that are complete now; U+FFFD for what can become none.
  std::string push(std::string_view bytes);
  /// What was kept, as U+FFFD.
  std::string finish();

 private:
  std::string kept_;
};

}  // namespace strata
