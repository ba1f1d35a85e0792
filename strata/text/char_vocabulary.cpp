#include "strata/text/char_vocabulary.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata {
namespace {

constexpr int64_t kReplacement = 0xfffd, kLastCodePoint = 0x10ffff;

/// Length of the sequence that a first byte begins; 0 where none begins with it.
size_t sequence_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/// The character at the front of `text`, and how many bytes it takes.
std::pair<int64_t, size_t> first_character(std::string_view text) {
  constexpr int64_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t length = sequence_length(first);
  if (length == 1) return {first, 1};
  if (length == 0 || length > text.size()) return {kReplacement, 1};
  int64_t code = first & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) return {kReplacement, 1};
    code = code << 6 | (byte & 0x3f);
  }
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  if (code < kLeast[length] || code > kLastCodePoint || surrogate) return {kReplacement, 1};
  return {code, length};
}

template <class F>
void for_each_character(std::string_view text, F f) {
  while (!text.empty()) {
    const auto [code, length] = first_character(text);
    f(code);
    text.remove_prefix(length);
  }
}

void append_utf8(int64_t code, std::string& out) {
  const auto byte = [&](int64_t bits) { out.push_back(static_cast<char>(bits)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3f));
  } else {
    byte(0xf0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3f));
    byte(0x80 | (code >> 6 & 0x3f));
  }
  byte(0x80 | (code & 0x3f));
}

}  // namespace

CharVocabulary CharVocabulary::of(std::string_view text) {
  std::vector<bool> seen(kLastCodePoint + 1);
  for_each_character(text, [&](int64_t code) { seen[static_cast<size_t>(code)] = true; });
  std::vector<int64_t> code_points;
  for (size_t code = 0; code < seen.size(); ++code) {
    if (seen[code]) code_points.push_back(static_cast<int64_t>(code));
  }
  return CharVocabulary(std::move(code_points));
}

CharVocabulary::CharVocabulary(std::vector<int64_t> code_points)
    : code_points_(std::move(code_points)) {
  const auto bad =
      std::adjacent_find(code_points_.begin(), code_points_.end(), std::greater_equal<int64_t>());
  if (bad != code_points_.end() ||
      (!code_points_.empty() && (code_points_[0] < 0 || code_points_.back() > kLastCodePoint))) {
    throw ValueError("CharVocabulary", "the characters must be code points in ascending order");
  }
}

std::vector<int64_t> CharVocabulary::encode(std::string_view text) const {
  std::vector<int64_t> ids;
  ids.reserve(text.size());
  for_each_character(text, [&](int64_t code) {
    const auto at = std::lower_bound(code_points_.begin(), code_points_.end(), code);
    if (at == code_points_.end() || *at != code) {
      std::string name;
      append_utf8(code, name);
      throw ValueError("CharVocabulary", fmt::format("'{}' (U+{:04X}) is not among the {} "
                                                     "characters of the text learnt from",
                                                     name, code, size()));
    }
    ids.push_back(at - code_points_.begin());
  });
  return ids;
}

std::string CharVocabulary::decode(std::span<const int64_t> ids) const {
  std::string text;
  for (const int64_t id : ids) {
    if (id < 0 || id >= size()) {
      throw IndexError("CharVocabulary", fmt::format("number {} of {} characters", id, size()));
    }
    append_utf8(code_points_[static_cast<size_t>(id)], text);
  }
  return text;
}

}  // namespace strata
