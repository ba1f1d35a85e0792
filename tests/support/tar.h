#pragma once

#include <cstdint>
#include <string>

namespace strata::testing {

/// Writes the checksum of a header, the first 512 bytes.
inline void tar_seal(std::string& entry) {
  entry.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(entry[i]);
  for (size_t i = 0; i < 6; ++i) {
    entry[148 + i] = static_cast<char>('0' + (sum >> (3 * (5 - i)) & 7));
  }
  entry[154] = '\0';
}

/// One entry of a ustar archive: header, content, padding. A link says where it leads.
inline std::string tar_entry(const std::string& name, const std::string& content, char kind = '0',
                             const std::string& link = "") {
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
  put(157, link.substr(0, 100));
  put(257, std::string("ustar\00000", 8));
  tar_seal(block);
  return block + content + std::string((512 - content.size() % 512) % 512, '\0');
}

inline std::string tar_end() { return std::string(1024, '\0'); }

}  // namespace strata::testing
