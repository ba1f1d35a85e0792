#pragma once

#include <cstdint>
#include <string>

namespace strata::testing {

/// One entry of a ustar archive: header, content, padding.
inline std::string tar_entry(const std::string& name, const std::string& content, char kind = '0') {
  std::string block(512, '\0');
  const auto put = [&](size_t at, const std::string& text) {
    block.replace(at, text.size(), text);
  };
  const auto octal = [](uint64_t value, int digits) {
    std::string text;
    for (int i = digits; i-- > 0;) text += static_cast<char>('0' + (value >> (3 * i) & 7));
    return text;
  };
  put(0, name.substr(0, 100));
  put(100, "0000644");
  put(124, octal(content.size(), 11));
  put(156, std::string(1, kind));
  put(257, std::string("ustar\00000", 8));
  put(148, "        ");
  uint64_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(148, octal(sum, 6) + '\0');
  return block + content + std::string((512 - content.size() % 512) % 512, '\0');
}

inline std::string tar_end() { return std::string(1024, '\0'); }

}  // namespace strata::testing
