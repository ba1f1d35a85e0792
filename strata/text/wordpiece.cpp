#include "strata/text/wordpiece.h"

#include <algorithm>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/text/bert_characters.h"
#include "strata/text/utf8.h"

namespace strata {
namespace {

std::u32string code_points(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character c = first_character(text);
    out += static_cast<char32_t>(c.code);
    text.remove_prefix(c.length);
  }
  return out;
}

std::string utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) append_utf8(static_cast<int64_t>(c), out);
  return out;
}

std::u32string cleaned(const std::u32string& text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    const bool line = c == U'\t' || c == U'\n' || c == U'\r';
    if (line || !is_bert_control(c)) out += line || is_bert_space(c) ? U' ' : c;
  }
  return out;
}

std::u32string with_ideographs_apart(const std::u32string& text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    const bool apart = is_bert_ideograph(c);
    if (apart) out += U' ';
    out += c;
    if (apart) out += U' ';
  }
  return out;
}

/// " ." as "." and so on, as the library does token by token.
std::string spaced(const std::string& token) {
  const bool close = token == "." || token == "?" || token == "!" || token == "," ||
                     token == "n't" || token == "'m" || token == "'s" || token == "'ve" ||
                     token == "'re";
  return close ? token : " " + token;
}

}  // namespace

WordPiece::WordPiece(const WordPieceConfig& config, const std::string& where) : config_(config) {
  config_.vocabulary.clear();
  limit_ = token_number_limit(config.vocabulary.size() + config.added.size());
  for (const auto& [token, id] : config.vocabulary) {
    place(token, id, where);
    whole_[token] = id;
    if (token.starts_with(config.prefix)) continued_[token.substr(config.prefix.size())] = id;
    longest_token_ = std::max(longest_token_, token.size());
  }
  for (AddedToken t : config.added) {
    if (t.content.empty()) throw FormatError(where, "an added token is empty");
    place(t.content, t.id, where);
    added_[t.content] = t.id;
    if (t.normalized) t.content = utf8(normalized(t.content));
    if (!t.content.empty()) (t.normalized ? normalized_added_ : raw_added_).push_back(t);
  }
  if (!whole_.contains(config.unknown)) {
    throw FormatError(where, fmt::format("the vocabulary lacks {}", config.unknown));
  }
}

void WordPiece::place(const std::string& token, int64_t id, const std::string& where) {
  if (id < 0 || id >= limit_) {
    throw FormatError(where, fmt::format("token '{}' has the number {}, which must lie in [0, {}) "
                                         "for so few tokens",
                                         token, id, limit_));
  }
  if (id >= size()) tokens_.resize(static_cast<size_t>(id) + 1);
  auto& at = tokens_[static_cast<size_t>(id)];
  if (at && *at != token) {
    throw FormatError(where, fmt::format("'{}' and '{}' both have the number {}", *at, token, id));
  }
  at = token;
}

std::optional<int64_t> WordPiece::find(std::string_view token) const {
  for (const Ids* ids : {&added_, &whole_}) {
    const auto at = ids->find(token);
    if (at != ids->end()) return at->second;
  }
  return std::nullopt;
}

int64_t WordPiece::needed(const std::string& token) const {
  if (const auto id = find(token)) return *id;
  throw ValueError("WordPiece", fmt::format("the vocabulary has no {}", token));
}

const std::string& WordPiece::token(int64_t id) const {
  if (id < 0 || id >= size() || !tokens_[static_cast<size_t>(id)]) {
    throw IndexError("WordPiece", fmt::format("there is no token number {} among {}", id, size()));
  }
  return *tokens_[static_cast<size_t>(id)];
}

bool WordPiece::is_special(int64_t id) const {
  return std::any_of(config_.added.begin(), config_.added.end(),
                     [&](const AddedToken& t) { return t.special && t.id == id; });
}

std::string WordPiece::piece(int64_t id, bool first) const {
  const bool known = id < 0 || (id < size() && tokens_[static_cast<size_t>(id)]);
  if (!known) return "";
  const std::string& t = token(id);
  if (first) return t;
  return t.starts_with(config_.prefix) ? t.substr(config_.prefix.size()) : spaced(t);
}

std::string WordPiece::text_of(std::span<const int64_t> ids) const {
  std::vector<int64_t> kept;
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(kept),
               [&](int64_t id) { return !is_special(id); });
  return decode(kept);
}

std::u32string WordPiece::normalized(std::string_view text) const {
  std::u32string out = code_points(text);
  if (config_.clean) out = cleaned(out);
  if (config_.split_ideographs) out = with_ideographs_apart(out);
  if (config_.strip_accents.value_or(config_.lower_case)) out = bert_strip_accents(out);
  return config_.lower_case ? bert_lower(out) : out;
}

std::vector<int64_t> WordPiece::encode(std::string_view text) const {
  std::vector<int64_t> ids;
  split_at_tokens(
      text, raw_added_, is_bert_space, [&](std::string_view part) { encode_part(part, ids); },
      [&](const AddedToken& t) { ids.push_back(t.id); });
  return ids;
}

void WordPiece::encode_part(std::string_view text, std::vector<int64_t>& out) const {
  if (text.empty()) return;
  split_at_tokens(
      utf8(normalized(text)), normalized_added_, is_bert_space,
      [&](std::string_view part) { encode_words(part, out); },
      [&](const AddedToken& t) { out.push_back(t.id); });
}

void WordPiece::encode_words(std::string_view text, std::vector<int64_t>& out) const {
  const std::u32string characters = code_points(text);
  const std::u32string_view all = characters;
  size_t begin = 0;
  const auto word_until = [&](size_t end) {
    if (end > begin) encode_word(all.substr(begin, end - begin), out);
  };
  for (size_t i = 0; i < all.size(); ++i) {
    const bool punctuation = is_bert_punctuation(all[i]);
    if (!punctuation && !is_bert_space(all[i])) continue;
    word_until(i);
    if (punctuation) encode_word(all.substr(i, 1), out);
    begin = i + 1;
  }
  word_until(all.size());
}

void WordPiece::encode_word(std::u32string_view word, std::vector<int64_t>& out) const {
  const size_t before = out.size();
  const auto give_up = [&] {
    out.resize(before);
    out.push_back(needed(config_.unknown));
  };
  if (static_cast<int64_t>(word.size()) > config_.longest_word) return give_up();
  const std::string bytes = utf8(word);
  const auto inside = [&](size_t at) {
    return at < bytes.size() && (static_cast<unsigned char>(bytes[at]) & 0xc0) == 0x80;
  };
  for (size_t begin = 0; begin < bytes.size();) {
    const Ids& ids = begin == 0 ? whole_ : continued_;
    size_t end = std::min(bytes.size(), begin + longest_token_);
    for (; end > begin; --end) {
      if (inside(end)) continue;
      const auto at = ids.find(std::string_view(bytes).substr(begin, end - begin));
      if (at == ids.end()) continue;
      out.push_back(at->second);
      break;
    }
    if (end == begin) return give_up();
    begin = end;
  }
}

TokenPair WordPiece::encode_pair(std::string_view first, std::optional<std::string_view> second,
                                 int64_t limit) const {
  std::vector<int64_t> a = encode(first), b = second ? encode(*second) : std::vector<int64_t>();
  const size_t around = second ? 3 : 2;
  if (limit > 0) {
    const auto room =
        static_cast<size_t>(std::max<int64_t>(limit - static_cast<int64_t>(around), 0));
    auto& shorter = a.size() > b.size() ? b : a;
    auto& longer = a.size() > b.size() ? a : b;
    while (a.size() + b.size() > room) {
      (longer.size() > shorter.size() || shorter.empty() ? longer : shorter).pop_back();
    }
  }
  TokenPair out;
  const int64_t separator = needed(config_.separate);
  out.ids.push_back(needed(config_.classify));
  out.ids.insert(out.ids.end(), a.begin(), a.end());
  out.ids.push_back(separator);
  out.types.assign(out.ids.size(), 0);
  if (second) {
    out.ids.insert(out.ids.end(), b.begin(), b.end());
    out.ids.push_back(separator);
    out.types.resize(out.ids.size(), 1);
  }
  return out;
}

}  // namespace strata
