#include "strata/io/idx.h"

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/gzip.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "tests/support/hostile.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::read_hostile;
using testing::slurp;
using testing::TempFolder;

void load(const std::string& path) { read_idx(path); }

/// 00 00 code rank, sizes, `data`.
std::string idx(int code, const std::vector<uint32_t>& sizes, const std::string& data) {
  std::string bytes = {0, 0, static_cast<char>(code), static_cast<char>(sizes.size())};
  for (const uint32_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift);
  }
  return bytes + data;
}

TEST(Idx, ReadsEveryDtype) {
  const TempFolder folder;
  const auto read = [&](const std::string& bytes) {
    testing::spill(folder / "a", bytes);
    const Tensor plain = read_idx(folder / "a");
    testing::spill(folder / "a", gzip(bytes));
    EXPECT_EQ(read_idx(folder / "a").to_vector<double>(), plain.to_vector<double>());
    return plain;
  };
  const auto values = [](const Tensor& t) { return t.to_vector<double>(); };
  const Tensor bytes = read(idx(0x08, {2, 2}, {1, 2, 3, '\xff'}));
  EXPECT_EQ(describe(bytes), "u8[2, 2]");
  EXPECT_EQ(values(bytes), std::vector<double>({1, 2, 3, 255}));
  EXPECT_EQ(values(read(idx(0x09, {2}, {1, '\xff'}))), std::vector<double>({1, -1}));
  const Tensor shorts = read(idx(0x0b, {2}, {1, 2, '\xff', '\xfe'}));
  EXPECT_EQ(describe(shorts), "i32[2]");
  EXPECT_EQ(values(shorts), std::vector<double>({258, -2}));
  EXPECT_EQ(values(read(idx(0x0c, {1}, {1, 2, 3, 4}))), std::vector<double>({0x01020304}));
  EXPECT_EQ(values(read(idx(0x0d, {1}, {'\xc0', 0x20, 0, 0}))), std::vector<double>({-2.5}));
  EXPECT_EQ(values(read(idx(0x0e, {1}, {0x40, 0x04, 0, 0, 0, 0, 0, 0}))),
            std::vector<double>({2.5}));
  EXPECT_EQ(describe(read(idx(0x08, {0, 28, 28}, ""))), "u8[0, 28, 28]");
}

TEST(Idx, WritesWhatItReads) {
  const TempFolder folder;
  for (const DType dtype : {DType::u8, DType::i8, DType::i32, DType::f32, DType::f64}) {
    const Tensor x = transpose(reshape(arange(0, 6, 1, dtype), {2, 3}), 0, 1);
    for (const char* name : {"a", "a.gz"}) {
      write_idx(folder / name, x);
      const Tensor y = read_idx(folder / name);
      EXPECT_EQ(describe(y), describe(x));
      EXPECT_EQ(y.to_vector<double>(), x.to_vector<double>());
    }
  }
  EXPECT_EQ(slurp(folder / "a.gz").substr(0, 2), "\x1f\x8b");
  EXPECT_THROW(write_idx(folder / "a", zeros({2}, DType::bf16)), DTypeError);
  EXPECT_THROW(write_idx(folder / "a", zeros({})), ShapeError);
}

TEST(Idx, ReadsGzipInSeveralParts) {
  const TempFolder folder;
  const std::string bytes = idx(0x08, {3}, "abc");
  testing::spill(folder / "a", gzip(bytes.substr(0, 5)) + gzip(bytes.substr(5)));
  EXPECT_EQ(read_idx(folder / "a").to_vector<uint8_t>(), std::vector<uint8_t>({97, 98, 99}));
}

TEST(Idx, RefusesTruncationAndSurvivesChanges) {
  const TempFolder folder;
  const std::string bytes = idx(0x0c, {2, 3, 2}, std::string(48, '\7'));
  testing::expect_truncations_refused(folder / "a", bytes, load);
  testing::survive_byte_changes(folder / "a", bytes, load);
  testing::expect_truncations_refused(folder / "a", gzip(bytes), load);
  // Up to 1032 times the file is honest for gzip.
  const auto packed = [](const std::string& path) { read_idx(path); };
  testing::survive_byte_changes(folder / "a", gzip(bytes), packed);
}

TEST(Idx, NamesTheFault) {
  const TempFolder folder;
  const auto expect = [&](const std::string& bytes, const std::string& fault) {
    const std::string error = read_hostile(folder / "a", bytes, load);
    EXPECT_NE(error.find(fault), std::string::npos) << "wanted: " << fault << "\ngot: " << error;
  };
  expect("GIF8", "no IDX file: it begins with 47 49 46");
  expect(idx(0x0a, {1}, "x"), "no IDX file");
  expect(idx(0x08, {}, "x"), "0 dimensions");
  expect(idx(0x08, {1, 1, 1, 1, 1, 1, 1, 1, 1}, "x"), "9 dimensions");
  expect(idx(0x08, {2}, "x"), "truncated: its header promises 2 bytes, 1 follow");
  expect(idx(0x08, {2}, "xyz"), "more data than its header says");
  expect(idx(0x0e, {0x80000000u, 0x80000000u}, "x"), "overflows");
  expect(idx(0x08, {0xffffffffu, 0xffffffffu, 0xffffffffu}, "x"), "overflows");
  expect(idx(0x08, {0, 0xffffffffu, 0xffffffffu, 0xffffffffu}, ""), "overflows");
  expect(idx(0x08, {0xffffffffu}, "x"), "promises 4294967295 bytes, 1 follow");
  const std::string packed = gzip(idx(0x08, {2}, "xy"));
  expect(packed + "x", "other data follows the gzip data");
  std::string damaged = packed;
  damaged[damaged.size() - 8] ^= 1;
  expect(damaged, "damaged gzip data: incorrect data check");
  expect(gzip(idx(0x08, {0x7fffffffu}, "x")), "can unpack to");
}

TEST(Idx, RefusesDecompressionBombs) {
  const TempFolder folder;
  const auto expect = [&](const std::string& bytes, const std::string& fault) {
    const std::string error = read_hostile(folder / "a", bytes, load);
    EXPECT_NE(error.find(fault), std::string::npos) << "wanted: " << fault << "\ngot: " << error;
  };
  const uint32_t size = 80u << 20;
  expect(gzip(idx(0x08, {10}, std::string(size, '\0'))), "more data than its header says");
  expect(gzip(idx(0x08, {size}, std::string(size, '\0'))), "refused as a decompression bomb");
}

}  // namespace
}  // namespace strata
