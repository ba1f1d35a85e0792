#include "strata/text/bert_characters.h"

#include <algorithm>
#include <span>
#include <unordered_map>

namespace strata {
namespace {

#include "strata/text/bert_classes.inc"
#include "strata/text/bert_decompositions.inc"

constexpr char32_t kCapitalDottedI = 0x130;  // alone in becoming two characters

/// The row of `width` numbers, the first two a range, that holds c; or null.
template <class T>
const T* find_range(std::span<const T> table, size_t width, char32_t c) {
  const T code = static_cast<T>(c);
  size_t low = 0, high = table.size() / width;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    const T* row = &table[middle * width];
    if (code < row[0]) {
      high = middle;
    } else if (code > row[1]) {
      low = middle + 1;
    } else {
      return row;
    }
  }
  return nullptr;
}

bool in(std::span<const uint32_t> ranges, char32_t c) { return find_range(ranges, 2, c); }

char32_t lower(char32_t c) {
  if (c < 0x80) return c >= U'A' && c <= U'Z' ? c + 32 : c;
  const int32_t* row = find_range<int32_t>(kLower, 4, c);
  if (!row || (static_cast<int32_t>(c) - row[0]) % row[2] != 0) return c;
  return static_cast<char32_t>(static_cast<int32_t>(c) + row[3]);
}

uint32_t combining_class(char32_t c) {
  if (c < 0x300) return 0;
  const uint32_t* row = find_range<uint32_t>(kClasses, 3, c);
  return row ? row[2] : 0;
}

/// What each character is decomposed into, where it is.
std::unordered_map<char32_t, std::span<const uint32_t>> decompositions() {
  std::unordered_map<char32_t, std::span<const uint32_t>> map;
  const std::span<const uint32_t> single = kReplacements, several = kDecompositions;
  for (size_t i = 0; i < single.size(); i += 2) map[single[i]] = single.subspan(i + 1, 1);
  for (size_t i = 0; i < several.size(); i += 2 + several[i + 1]) {
    map[several[i]] = several.subspan(i + 2, several[i + 1]);
  }
  return map;
}

/// Syllables of Hangul consist of two or three letters by their number (Unicode 3.12).
void append_hangul(char32_t syllable, std::u32string& out) {
  constexpr char32_t kVowels = 21, kEnds = 28;
  out += 0x1100 + syllable / (kVowels * kEnds);
  out += 0x1161 + syllable % (kVowels * kEnds) / kEnds;
  if (syllable % kEnds) out += 0x11a7 + syllable % kEnds;
}

void append_decomposed(char32_t c, std::u32string& out) {
  if (c < 0xc0) {
    out += c;
    return;
  }
  if (c >= 0xac00 && c <= 0xd7a3) return append_hangul(c - 0xac00, out);
  static const auto map = decompositions();
  const auto at = map.find(c);
  if (at == map.end()) {
    out += c;
  } else {
    out.append(at->second.begin(), at->second.end());
  }
}

}  // namespace

bool is_bert_space(char32_t c) {
  if (c < 0x80) return c == U' ' || (c >= 9 && c <= 13);
  return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
         c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool is_bert_control(char32_t c) { return c == 0 || in(kDropped, c); }

bool is_bert_punctuation(char32_t c) { return in(kPunctuation, c); }

bool is_bert_ideograph(char32_t c) {
  if (c < 0x3400) return false;
  constexpr uint32_t kIdeographs[] = {0x3400,  0x4dbf,  0x4e00,  0x9fff,  0xf900,
                                      0xfaff,  0x20000, 0x2a6df, 0x2a700, 0x2b81f,
                                      0x2b920, 0x2ceaf, 0x2f800, 0x2fa1f};
  return in(kIdeographs, c);
}

std::u32string bert_lower(const std::u32string& text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (c == kCapitalDottedI) {
      out += U"i\u0307";
    } else {
      out += lower(c);
    }
  }
  return out;
}

std::u32string bert_strip_accents(const std::u32string& text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) append_decomposed(c, out);
  const auto by_class = [](char32_t a, char32_t b) {
    return combining_class(a) < combining_class(b);
  };
  for (auto at = out.begin(); at != out.end();) {
    if (combining_class(*at) == 0) {
      ++at;
      continue;
    }
    const auto begin = at;
    while (at != out.end() && combining_class(*at) != 0) ++at;
    std::stable_sort(begin, at, by_class);
  }
  std::erase_if(out, [](char32_t c) { return c >= 0x300 && in(kMarks, c); });
  return out;
}

}  // namespace strata
