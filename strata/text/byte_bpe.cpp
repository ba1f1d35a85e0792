#include "strata/text/byte_bpe.h"

#include <algorithm>
#include <queue>
#include <tuple>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/text/gpt2_words.h"
#include "strata/text/merge_cycle.h"
#include "strata/text/unicode.h"

namespace strata {
namespace {

/// The characters that stand for the 256 bytes: printable ones for themselves, the others from
/// U+0100 on.
std::array<int64_t, 256> byte_characters() {
  std::array<int64_t, 256> characters{};
  int64_t next = 0x100;
  for (int64_t b = 0; b < 256; ++b) {
    const bool printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
    characters[static_cast<size_t>(b)] = printable ? b : next++;
  }
  return characters;
}

/// Turns tokens as files write them into the bytes they stand for.
class Alphabet {
 public:
  Alphabet() {
    const auto characters = byte_characters();
    for (size_t b = 0; b < 256; ++b) bytes_[characters[b]] = static_cast<char>(b);
  }

  /// Nothing where a character stands for no byte.
  std::optional<std::string> bytes_of(std::string_view token) const {
    std::string out;
    while (!token.empty()) {
      const Utf8Character c = first_character(token);
      const auto at = bytes_.find(c.code);
      if (at == bytes_.end()) return std::nullopt;
      out.push_back(at->second);
      token.remove_prefix(c.length);
    }
    return out;
  }

 private:
  std::unordered_map<int64_t, char> bytes_;
};

uint64_t pair_key(int64_t left, int64_t right) {
  return static_cast<uint64_t>(left) << 32 | static_cast<uint64_t>(right);
}

bool is_space(char32_t c) { return char_class(c) == CharClass::space; }

}  // namespace

ByteBpe::ByteBpe(const ByteBpeConfig& config, const std::string& where)
    : added_(config.added),
      fuse_unknown_(config.fuse_unknown),
      prefix_space_(config.prefix_space),
      use_pattern_(config.use_pattern),
      ignore_merges_(config.ignore_merges) {
  const Alphabet alphabet;
  const int64_t limit = token_number_limit(config.vocabulary.size() + added_.size());
  const auto place = [&](const std::string& token, int64_t id, std::string bytes) {
    if (id < 0 || id >= limit) {
      throw FormatError(where,
                        fmt::format("token '{}' has the number {}, which must lie in [0, {}) "
                                    "for so few tokens",
                                    token, id, limit));
    }
    if (id >= size()) pieces_.resize(static_cast<size_t>(id) + 1);
    std::optional<std::string>& at = pieces_[static_cast<size_t>(id)];
    if (at && *at != bytes) throw FormatError(where, fmt::format("two tokens have number {}", id));
    at = std::move(bytes);
    ids_[token] = id;
  };
  for (const AddedToken& t : added_) {
    if (t.content.empty()) throw FormatError(where, "an added token is empty");
    place(t.content, t.id, t.content);
    (t.normalized ? normalized_added_ : raw_added_).push_back(t);
  }
  for (const auto& [token, id] : config.vocabulary) {
    if (token == config.unknown) unknown_ = id;
    std::optional<std::string> bytes = alphabet.bytes_of(token);
    if (bytes) words_[*bytes] = id;
    if (ids_.contains(token)) continue;  // an added token, which stands in some vocabularies too
    if (!bytes) {
      throw FormatError(where,
                        fmt::format("token '{}' has characters that stand for no byte", token));
    }
    place(token, id, std::move(*bytes));
  }
  for (size_t b = 0; b < 256; ++b) {
    const auto at = words_.find(std::string(1, static_cast<char>(b)));
    byte_ids_[b] = at == words_.end() ? -1 : at->second;
    if (at == words_.end() && unknown_ < 0 && !config.unknown.empty()) {
      throw FormatError(where, fmt::format("the vocabulary lacks both {} and the byte 0x{:02x}",
                                           config.unknown, b));
    }
  }
  const auto id_of = [&](const std::string& token) {
    const auto at = ids_.find(token);
    if (at != ids_.end()) return at->second;
    throw FormatError(where, fmt::format("a merge needs '{}', which is no token", token));
  };
  std::vector<MergeIds> merges;
  for (const auto& [left, right] : config.merges) {
    const MergeIds m = {id_of(left), id_of(right), id_of(left + right)};
    merges_[pair_key(m.left, m.right)] = {static_cast<int64_t>(merges.size()), m.result};
    merges.push_back(m);
  }
  if (const auto circle = cyclic_merge(merges)) {
    const auto& [left, right] = config.merges[*circle];
    throw FormatError(where, fmt::format("the merge '{}' + '{}' leads in a circle", left, right));
  }
}

std::optional<int64_t> ByteBpe::find(std::string_view token) const {
  const auto at = ids_.find(std::string(token));
  return at == ids_.end() ? std::nullopt : std::optional(at->second);
}

std::string ByteBpe::piece(int64_t id, bool) const {
  if (id < 0) throw IndexError("ByteBpe", fmt::format("there is no token number {}", id));
  return id < size() ? pieces_[static_cast<size_t>(id)].value_or("") : "";
}

std::vector<int64_t> ByteBpe::encode(std::string_view text) const {
  if (!is_utf8(text)) return encode(repair_utf8(text));
  std::vector<int64_t> ids;
  split_at_tokens(
      text, raw_added_, is_space, [&](std::string_view part) { encode_part(part, ids); },
      [&](const AddedToken& t) { ids.push_back(t.id); });
  return ids;
}

void ByteBpe::encode_part(std::string_view text, std::vector<int64_t>& out) const {
  split_at_tokens(
      text, normalized_added_, is_space, [&](std::string_view part) { encode_words(part, out); },
      [&](const AddedToken& t) { out.push_back(t.id); });
}

void ByteBpe::encode_words(std::string_view text, std::vector<int64_t>& out) const {
  if (text.empty()) return;
  const std::string with_space = prefix_space_ && text[0] != ' ' ? " " + std::string(text) : "";
  if (!with_space.empty()) text = with_space;
  if (!use_pattern_) return encode_word(text, out);
  for_each_gpt2_word(text, [&](std::string_view word) { encode_word(word, out); });
}

const ByteBpe::Merge* ByteBpe::merge_of(int64_t left, int64_t right) const {
  const auto at = merges_.find(pair_key(left, right));
  return at == merges_.end() ? nullptr : &at->second;
}

std::vector<int64_t> ByteBpe::ids_of_bytes(std::string_view word) const {
  std::vector<int64_t> ids;
  ids.reserve(word.size());
  bool known = true;
  for (const char c : word) {
    const int64_t id = byte_ids_[static_cast<unsigned char>(c)];
    const bool fused = id < 0 && !known && fuse_unknown_;
    known = id >= 0;
    // As the original: without an unknown token a byte that has none is left out.
    if (known || (unknown_ >= 0 && !fused)) ids.push_back(known ? id : unknown_);
  }
  return ids;
}

/// Joins neighbours, those of the earliest merge first, of equal ones the leftmost. The parts are a
/// linked list and the possible merges a heap, so that a word of n bytes takes n log n steps.
void ByteBpe::encode_word(std::string_view word, std::vector<int64_t>& out) const {
  if (ignore_merges_) {
    const auto whole = words_.find(std::string(word));
    if (whole != words_.end()) return out.push_back(whole->second);
  }
  struct Part {
    int64_t id, before, after;  // id -1: gone into its left neighbour
  };
  std::vector<Part> parts;
  parts.reserve(word.size());
  for (const int64_t id : ids_of_bytes(word)) {
    const auto i = static_cast<int64_t>(parts.size());
    parts.push_back({id, i - 1, i + 1});
  }
  if (parts.empty()) return;
  const auto count = static_cast<int64_t>(parts.size());
  const auto part = [&](int64_t i) -> Part& { return parts[static_cast<size_t>(i)]; };

  using Candidate = std::tuple<int64_t, int64_t, int64_t>;  // rank, place of the left part, result
  std::vector<Candidate> first;
  for (int64_t i = 0; i + 1 < count; ++i) {
    const Merge* m = merge_of(part(i).id, part(i + 1).id);
    if (m) first.emplace_back(m->rank, i, m->id);
  }
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> heap(std::greater<>(),
                                                                              std::move(first));
  const auto consider = [&](int64_t i) {
    if (i < 0 || part(i).after >= count) return;
    const Merge* m = merge_of(part(i).id, part(part(i).after).id);
    if (m) heap.emplace(m->rank, i, m->id);
  };
  while (!heap.empty()) {
    const auto [rank, i, id] = heap.top();
    heap.pop();
    Part& left = part(i);
    if (left.id < 0 || left.after >= count) continue;
    Part& right = part(left.after);
    const Merge* m = merge_of(left.id, right.id);
    if (!m || m->rank != rank) continue;  // its neighbours have changed since
    left.id = id;
    right.id = -1;
    left.after = right.after;
    if (left.after < count) part(left.after).before = i;
    consider(left.before);
    consider(i);
  }
  for (int64_t i = 0; i < count; i = part(i).after) out.push_back(part(i).id);
}

}  // namespace strata
