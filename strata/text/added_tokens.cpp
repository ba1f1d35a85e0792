#include "strata/text/added_tokens.h"

#include <algorithm>

#include "strata/text/utf8.h"

namespace strata {
namespace {

size_t leading_space(std::string_view text, bool (*space)(char32_t)) {
  size_t end = 0;
  while (end < text.size()) {
    const Utf8Character c = first_character(text.substr(end));
    if (!space(static_cast<char32_t>(c.code))) break;
    end += c.length;
  }
  return end;
}

size_t trailing_space(std::string_view text, bool (*space)(char32_t)) {
  size_t begin = text.size();
  while (begin > 0) {
    size_t at = begin - 1;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
    if (!space(static_cast<char32_t>(first_character(text.substr(at)).code))) break;
    begin = at;
  }
  return text.size() - begin;
}

}  // namespace

int64_t token_number_limit(size_t tokens) {
  constexpr int64_t kMostTokens = int64_t{1} << 24, kGaps = int64_t{1} << 18;
  return tokens >= static_cast<size_t>(kMostTokens)
             ? kMostTokens
             : std::min(kMostTokens, kGaps + 16 * static_cast<int64_t>(tokens));
}

void split_at_tokens(std::string_view text, const std::vector<AddedToken>& tokens,
                     bool (*space)(char32_t), FunctionRef<void(std::string_view)> part,
                     FunctionRef<void(const AddedToken&)> token) {
  constexpr size_t kNowhere = std::string_view::npos;
  std::vector<size_t> next(tokens.size(), 0);  // where each occurs next
  for (size_t i = 0; i < tokens.size(); ++i) next[i] = text.find(tokens[i].content);
  size_t begin = 0;
  size_t from = 0;  // unlike `begin` not behind white space taken along, where one may begin
  while (true) {
    size_t first = tokens.size();
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (next[i] != kNowhere && next[i] < from) next[i] = text.find(tokens[i].content, from);
      if (next[i] == kNowhere) continue;
      const bool sooner = first == tokens.size() || next[i] < next[first];
      if (sooner ||
          (next[i] == next[first] && tokens[i].content.size() > tokens[first].content.size())) {
        first = i;
      }
    }
    if (first == tokens.size()) break;
    const AddedToken& found = tokens[first];
    std::string_view before = text.substr(begin, std::max(next[first], begin) - begin);
    if (found.lstrip) before.remove_suffix(trailing_space(before, space));
    part(before);
    token(found);
    begin = from = next[first] + found.content.size();
    if (found.rstrip) begin += leading_space(text.substr(begin), space);
  }
  part(text.substr(begin));
}

}  // namespace strata
