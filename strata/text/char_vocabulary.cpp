#include "strata/text/char_vocabulary.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/text/utf8.h"

namespace strata {
namespace {

constexpr int64_t kLastCodePoint = 0x10ffff;

template <class F>
void for_each_character(std::string_view text, F f) {
  while (!text.empty()) {
    const Utf8Character c = first_character(text);
    f(c.code);
    text.remove_prefix(c.length);
  }
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
