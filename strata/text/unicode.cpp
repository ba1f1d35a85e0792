#include "strata/text/unicode.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace strata {
namespace {

constexpr uint32_t kChanges[] = {
#include "strata/text/unicode_classes.inc"
};

CharClass look_up(int64_t code_point) {
  const auto key = static_cast<uint32_t>(code_point << 2 | 3);
  const auto* after = std::upper_bound(std::begin(kChanges), std::end(kChanges), key);
  return static_cast<CharClass>(after[-1] & 3);
}

constexpr int64_t kAscii = 128;

std::array<CharClass, kAscii> ascii_classes() {
  std::array<CharClass, kAscii> classes{};
  for (int64_t c = 0; c < kAscii; ++c) classes[static_cast<size_t>(c)] = look_up(c);
  return classes;
}

}  // namespace

CharClass char_class(int64_t code_point) {
  static const std::array<CharClass, kAscii> ascii = ascii_classes();
  if (code_point >= 0 && code_point < kAscii) return ascii[static_cast<size_t>(code_point)];
  return code_point < 0 || code_point > 0x10ffff ? CharClass::other : look_up(code_point);
}

}  // namespace strata
