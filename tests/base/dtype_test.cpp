#include "strata/base/dtype.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>

#include "strata/base/error.h"

namespace strata {
namespace {

/// Lines of tests/golden/base.txt that begin with `kind`, split into words.
std::vector<std::vector<std::string>> golden(const std::string& kind) {
  std::ifstream file(STRATA_SOURCE_DIR "/tests/golden/base.txt");
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::vector<std::string> row;
    for (std::string word; words >> word;) row.push_back(word);
    if (row.at(0) == kind) rows.push_back(row);
  }
  return rows;
}

template <class Bits>
unsigned long checksum(const std::vector<Bits>& bits) {
  return crc32(0, reinterpret_cast<const Bytef*>(bits.data()),
               static_cast<uInt>(bits.size() * sizeof(Bits)));
}

/// The f32 patterns of tools/golden/base.py.
std::vector<uint32_t> floats() {
  std::vector<uint32_t> out;
  for (const uint32_t low : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
    for (uint32_t top = 0; top < 1u << 16; ++top) out.push_back((top << 16) + low);
  }
  for (const uint32_t low : {0u, 1u, 0xfffu}) {
    for (uint32_t top = 0; top < 1u << 20; ++top) out.push_back((top << 12) + low);
  }
  for (uint32_t i = 0; i < 1u << 20; ++i) out.push_back(i * 2654435761u);
  return out;
}

template <class Half>
unsigned long widen_checksum() {
  std::vector<uint32_t> bits;
  for (uint32_t pattern = 0; pattern < 1u << 16; ++pattern) {
    Half half;
    half.bits = static_cast<uint16_t>(pattern);
    const float wide = half;
    bits.push_back(std::isnan(wide) ? 0x7fffffffu : std::bit_cast<uint32_t>(wide));
  }
  return checksum(bits);
}

template <class Half>
unsigned long narrow_checksum() {
  std::vector<uint16_t> bits;
  for (const uint32_t pattern : floats()) {
    const Half half(std::bit_cast<float>(pattern));
    bits.push_back(std::isnan(static_cast<float>(half)) ? uint16_t{0x7fff} : half.bits);
  }
  return checksum(bits);
}

TEST(DType, PromotesAsPyTorch) {
  const auto rows = golden("promote");
  ASSERT_EQ(rows.size(), 81U);
  for (const auto& row : rows) {
    // Strata holds no i16, the answer for u8 with i8: i32 is the next that fits.
    const std::string wanted = row[3] == "i16" ? "i32" : row[3];
    EXPECT_EQ(name_of(promote(dtype_from_name(row[1]), dtype_from_name(row[2]))), wanted)
        << row[1] << " with " << row[2];
  }
}

TEST(DType, HalvesWidenAsPyTorch) {
  for (const auto& row : golden("widen")) {
    const bool brain = row[1] == "bf16";
    EXPECT_EQ(std::to_string(brain ? widen_checksum<bfloat16>() : widen_checksum<float16>()),
              row[2]);
  }
}

TEST(DType, HalvesRoundAsPyTorch) {
  for (const auto& row : golden("narrow")) {
    const bool brain = row[1] == "bf16";
    EXPECT_EQ(std::to_string(brain ? narrow_checksum<bfloat16>() : narrow_checksum<float16>()),
              row[2]);
  }
}

TEST(DType, NamesReadBack) {
  for (int i = 0; i < 9; ++i) {
    const auto t = static_cast<DType>(i);
    EXPECT_EQ(dtype_from_name(name_of(t)), t);
    visit_dtype(t, [&](auto tag) {
      using T = typename decltype(tag)::type;
      EXPECT_EQ(dtype_of<T>, t);
      EXPECT_EQ(size_of(t), static_cast<int64_t>(sizeof(T)));
    });
  }
  EXPECT_THROW(dtype_from_name("float"), ValueError);
  EXPECT_THROW(dtype_from_name(""), ValueError);
}

}  // namespace
}  // namespace strata
