#include "strata/text/utf8.h"

#include <utility>

namespace strata {
namespace {

constexpr int64_t kReplacement = 0xfffd;

/// Length of the sequence that a first byte begins; 0 where none begins with it.
size_t sequence_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/// Whether a second byte may follow that first one: no overlong forms, surrogates or what lies
/// beyond U+10FFFF.
bool may_follow(unsigned char first, unsigned char second) {
  if (first == 0xe0) return second >= 0xa0 && second < 0xc0;
  if (first == 0xed) return second >= 0x80 && second < 0xa0;
  if (first == 0xf0) return second >= 0x90 && second < 0xc0;
  if (first == 0xf4) return second >= 0x80 && second < 0x90;
  return (second & 0xc0) == 0x80;
}

}  // namespace

Utf8Character first_character(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const size_t length = sequence_length(byte(0));
  if (length == 1) return {byte(0), 1, true, false};
  if (length == 0) return {kReplacement, 1, false, false};
  int64_t code = byte(0) & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {kReplacement, i, false, true};
    const bool follows = i == 1 ? may_follow(byte(0), byte(1)) : (byte(i) & 0xc0) == 0x80;
    if (!follows) return {kReplacement, i, false, false};
    code = code << 6 | (byte(i) & 0x3f);
  }
  return {code, length, true, false};
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

std::string repair_utf8(std::string_view text) {
  Utf8Stream stream;
  std::string out = stream.push(text);
  return out += stream.finish();
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character c = first_character(text);
    if (!c.valid) return false;
    text.remove_prefix(c.length);
  }
  return true;
}

std::string Utf8Stream::push(std::string_view bytes) {
  const std::string all = std::exchange(kept_, {}) + std::string(bytes);
  std::string out;
  out.reserve(all.size());
  for (std::string_view rest = all; !rest.empty();) {
    const Utf8Character c = first_character(rest);
    if (c.cut) {
      kept_ = rest;
      break;
    }
    if (c.valid) {
      out += rest.substr(0, c.length);
    } else {
      append_utf8(kReplacement, out);
    }
    rest.remove_prefix(c.length);
  }
  return out;
}

std::string Utf8Stream::finish() {
  std::string out;
  if (!std::exchange(kept_, {}).empty()) append_utf8(kReplacement, out);
  return out;
}

}  // namespace strata
