#include "strata/io/base64.h"

#include <cstdint>

#include "strata/base/error.h"

namespace strata {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0u);
    }
    for (size_t k = 0; k < 4; ++k) {
      out += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

std::string decode_base64(std::string_view text) {
  const auto bad = [] { return FormatError("base64", "the text is not base64"); };
  if (text.size() % 4 != 0) throw bad();
  size_t digits = text.size();
  while (digits > 0 && text.size() - digits < 2 && text[digits - 1] == '=') --digits;
  std::string out;
  uint32_t held = 0;
  for (size_t i = 0; i < digits; ++i) {
    const size_t value = kDigits.find(text[i]);
    if (value == std::string_view::npos) throw bad();
    held = held << 6 | static_cast<uint32_t>(value);
    if (i % 4 != 0) out += static_cast<char>(held >> (6 - 2 * (i % 4)));
  }
  return out;
}

}  // namespace strata
