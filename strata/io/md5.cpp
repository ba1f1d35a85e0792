#include "strata/io/md5.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

namespace strata {
namespace {

constexpr size_t kBlock = 64;
constexpr std::array<std::array<int, 4>, 4> kTurns = {
    {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};

using State = std::array<uint32_t, 4>;

/// The constants of the 64 steps: the fractions of sines.
std::array<uint32_t, 64> sines() {
  std::array<uint32_t, 64> out{};
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<uint32_t>(std::abs(std::sin(static_cast<double>(i + 1))) * 4294967296.0);
  }
  return out;
}

void mix(State& state, const char* block) {
  static const std::array<uint32_t, 64> kSines = sines();
  std::array<uint32_t, 16> words{};
  for (size_t i = 0; i < kBlock; ++i) {
    words[i / 4] |= static_cast<uint32_t>(static_cast<uint8_t>(block[i])) << (8 * (i % 4));
  }
  auto [a, b, c, d] = state;
  for (size_t i = 0; i < 64; ++i) {
    uint32_t f = 0;
    size_t word = 0;
    switch (i / 16) {
      case 0: f = (b & c) | (~b & d), word = i; break;
      case 1: f = (d & b) | (~d & c), word = (5 * i + 1) % 16; break;
      case 2: f = b ^ c ^ d, word = (3 * i + 5) % 16; break;
      default: f = c ^ (b | ~d), word = (7 * i) % 16; break;
    }
    const uint32_t sum = a + f + kSines[i] + words[word];
    a = d;
    d = c;
    c = b;
    b += std::rotl(sum, kTurns[i / 16][i % 4]);
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

}  // namespace

std::string md5(std::string_view bytes) {
  State state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  size_t at = 0;
  for (; at + kBlock <= bytes.size(); at += kBlock) mix(state, bytes.data() + at);
  std::string tail(bytes.substr(at));
  tail += '\x80';
  while (tail.size() % kBlock != kBlock - 8) tail += '\0';
  const uint64_t bits = 8 * static_cast<uint64_t>(bytes.size());
  for (int i = 0; i < 8; ++i) tail += static_cast<char>(bits >> (8 * i));
  for (size_t i = 0; i < tail.size(); i += kBlock) mix(state, tail.data() + i);
  std::string out;
  for (const uint32_t word : state) {
    for (int i = 0; i < 4; ++i) out += fmt::format("{:02x}", word >> (8 * i) & 0xff);
  }
  return out;
}

}  // namespace strata
