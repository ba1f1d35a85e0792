#include "strata/io/png.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "tests/support/hostile.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::slurp;
using testing::spill;
using testing::TempFolder;

std::string word(uint32_t v) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(v >> shift);
  return bytes;
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const auto sum =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return word(static_cast<uint32_t>(data.size())) + body + word(static_cast<uint32_t>(sum));
}

std::string deflated(const std::string& raw) {
  uLongf size = compressBound(raw.size());
  std::string packed(size, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &size,
           reinterpret_cast<const Bytef*>(raw.data()), raw.size());
  packed.resize(size);
  return packed;
}

/// A PNG by hand: rows come with their filter byte.
std::string png(uint32_t width, uint32_t height, int bits, int colour, const std::string& rows,
                const std::string& extra = "", bool interlaced = false) {
  const std::string header = word(width) + word(height) + static_cast<char>(bits) +
                             static_cast<char>(colour) + std::string(2, '\0') +
                             static_cast<char>(interlaced);
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + extra + chunk("IDAT", deflated(rows)) +
         chunk("IEND", "");
}

std::vector<uint8_t> read(const std::string& bytes, int channels) {
  const TempFolder folder;
  spill(folder / "a.png", bytes);
  return read_png(folder / "a.png", {.channels = channels}).to_vector<uint8_t>();
}

using Bytes = std::vector<uint8_t>;

TEST(Png, RoundTrips) {
  const TempFolder folder;
  Generator random(1);
  for (const int channels : {1, 3, 4}) {
    const Tensor x = randint(0, 256, {7, 5, channels}, DType::u8, kCpu, random);
    write_png(folder / "a.png", x);
    const Tensor y = read_png(folder / "a.png", {.channels = channels});
    EXPECT_EQ(describe(y), describe(x));
    EXPECT_EQ(y.to_vector<uint8_t>(), x.to_vector<uint8_t>());
  }
  write_png(folder / "a.png", zeros({3, 4}, DType::u8));
  EXPECT_EQ(describe(read_png(folder / "a.png")), "u8[3, 4, 3]");
  EXPECT_THROW(write_png(folder / "a.png", zeros({3, 4})), DTypeError);
  EXPECT_THROW(write_png(folder / "a.png", zeros({3, 4, 2}, DType::u8)), ShapeError);
  EXPECT_THROW(write_png(folder / "a.png", zeros({3, 0, 1}, DType::u8)), ShapeError);
  EXPECT_THROW(read_png(folder / "a.png", {.channels = 2}), ValueError);
}

TEST(Png, ConvertsEveryKind) {
  using std::string;
  const string grey8 = png(2, 1, 8, 0, {0, 10, '\xc8'});
  EXPECT_EQ(read(grey8, 1), (Bytes{10, 200}));
  EXPECT_EQ(read(grey8, 3), (Bytes{10, 10, 10, 200, 200, 200}));
  EXPECT_EQ(read(grey8, 4), (Bytes{10, 10, 10, 255, 200, 200, 200, 255}));
  const string rgb = png(1, 1, 8, 2, {0, 100, 50, '\xc8'});
  EXPECT_EQ(read(rgb, 3), (Bytes{100, 50, 200}));
  EXPECT_EQ(read(rgb, 1), (Bytes{82})) << "0.299 R + 0.587 G + 0.114 B";
  const string rgba = png(2, 1, 8, 6, {0, 100, 50, 0, '\xff', 100, 50, 0, 0});
  EXPECT_EQ(read(rgba, 4), (Bytes{100, 50, 0, 255, 100, 50, 0, 0}));
  EXPECT_EQ(read(rgba, 3), (Bytes{100, 50, 0, 255, 255, 255})) << "laid on white";
  EXPECT_EQ(read(png(1, 1, 8, 4, {0, 0, '\x80'}), 1), (Bytes{127}));
  EXPECT_EQ(read(png(8, 1, 1, 0, {0, '\xa5'}), 1), (Bytes{255, 0, 255, 0, 0, 255, 0, 255}));
  EXPECT_EQ(read(png(1, 1, 16, 0, {0, 50, 0}), 1), (Bytes{50}));
  const string palette = chunk("PLTE", {1, 2, 3, 40, 50, 60});
  EXPECT_EQ(read(png(2, 1, 8, 3, {0, 1, 0}, palette), 3), (Bytes{40, 50, 60, 1, 2, 3}));
}

/// The rows of a square picture, each with its filter byte: as they are, or in the seven passes of
/// Adam7. Its pixels lie in `pixels` one after the other.
std::string rows_of(const std::vector<std::string>& pixels, size_t side, bool interlaced) {
  struct Pass {
    size_t x, y, right, down;
  };
  std::vector<Pass> passes = {{0, 0, 1, 1}};
  if (interlaced) {
    passes = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
              {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
  }
  std::string rows;
  for (const Pass& p : passes) {
    for (size_t y = p.y; y < side && p.x < side; y += p.down) {
      rows += '\0';
      for (size_t x = p.x; x < side; x += p.right) rows += pixels[y * side + x];
    }
  }
  return rows;
}

// libpng 1.6.39's simple interface mixes up the pixels of interlaced files of 16 bits.
TEST(Png, ReadsInterlacedFiles) {
  Generator random(3);
  for (const size_t side : {1, 3, 9}) {
    for (const auto& [colour, channels] : {std::pair{0, 1}, {2, 3}, {4, 2}, {6, 4}}) {
      for (const int bits : {8, 16}) {
        std::vector<std::string> pixels(side * side);
        Bytes wanted;
        for (std::string& pixel : pixels) {
          for (int c = 0; c < channels; ++c) {
            const uint64_t value = random.below(uint64_t{1} << bits);
            if (bits == 16) pixel += static_cast<char>(value >> 8);
            pixel += static_cast<char>(value);
            const auto byte = static_cast<uint8_t>(bits == 8 ? value : (value + 128) / 257);
            wanted.insert(wanted.end(), channels == 2 && c == 0 ? 3 : 1, byte);
          }
        }
        const int asked = channels == 2 ? 4 : channels;
        const auto width = static_cast<uint32_t>(side);
        for (const bool interlaced : {false, true}) {
          const std::string rows = rows_of(pixels, side, interlaced);
          EXPECT_EQ(read(png(width, width, bits, colour, rows, "", interlaced), asked), wanted)
              << bits << " bits, kind " << colour << ", side " << side << ", " << interlaced;
        }
      }
    }
  }
}

TEST(Png, KnowsTheColourThatStandsForNothing) {
  const std::string key("\1\0", 2), other("\2\0", 2), rows = '\0' + key + other;
  EXPECT_EQ(read(png(2, 1, 16, 0, rows, chunk("tRNS", key)), 4), (Bytes{1, 1, 1, 0, 2, 2, 2, 255}));
  EXPECT_EQ(
      read(png(2, 1, 8, 3, {0, 1, 0}, chunk("PLTE", {1, 2, 3, 40, 50, 60}) + chunk("tRNS", {9})),
           4),
      (Bytes{40, 50, 60, 255, 1, 2, 3, 9}));
}

// PIL reads the numbers as they stand, whatever a file says of gamma and colour spaces.
TEST(Png, TakesNoNoticeOfColourSpaces) {
  const std::string gamma = chunk("gAMA", word(100'000));
  std::string white;
  for (const uint32_t v : {31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000}) white += word(v);
  const std::string rgb = {0, 10, 100, '\xc8'};
  for (const std::string& extra :
       {gamma, gamma + chunk("cHRM", white), chunk("sRGB", "\1"),
        chunk("iCCP", std::string("x\0\0", 3) + deflated(std::string(200, '\1'))) + gamma}) {
    EXPECT_EQ(read(png(1, 1, 8, 2, rgb, extra), 3), (Bytes{10, 100, 200}));
    EXPECT_EQ(read(png(2, 1, 8, 0, {0, 10, 100}, extra), 1), (Bytes{10, 100}));
    EXPECT_EQ(read(png(1, 1, 16, 0, {0, 50, 0}, extra), 1), (Bytes{50}));
  }
  const std::string palette = chunk("PLTE", {1, 2, 3, 40, 50, 60});
  EXPECT_EQ(read(png(2, 1, 8, 3, {0, 1, 0}, gamma + palette), 3), (Bytes{40, 50, 60, 1, 2, 3}));
}

TEST(Png, RefusesTruncationAndSurvivesChanges) {
  const TempFolder folder;
  Generator random(2);
  write_png(folder / "x.png", randint(0, 256, {6, 9, 3}, DType::u8, kCpu, random));
  const std::string bytes = slurp(folder / "x.png");
  const auto load = [](const std::string& path) { read_png(path, {.channels = 4}); };
  testing::expect_truncations_refused(folder / "a", bytes, load);
  testing::survive_byte_changes(folder / "a", bytes, load);
}

TEST(Png, NamesTheFault) {
  const TempFolder folder;
  const auto expect = [&](const std::string& bytes, const std::string& fault) {
    const std::string error =
        testing::read_hostile(folder / "a", bytes, [](const auto& path) { read_png(path); });
    EXPECT_NE(error.find(fault), std::string::npos) << "wanted: " << fault << "\ngot: " << error;
  };
  const std::string good = png(2, 1, 8, 0, {0, 10, 20});
  expect("", "truncated");
  expect("GIF89a..........", "no PNG file");
  expect(good.substr(0, good.size() - 1), "truncated");
  expect(good + "x", "1 bytes follow the PNG's end");
  expect("\x89PNG\r\n\x1a\n" + chunk("IDAT", "") + chunk("IEND", ""), "PNG without header");
  expect(png(0, 1, 8, 0, ""), "an image of 0 x 1 pixels");
  expect(png(0xffffffffu, 0xffffffffu, 8, 0, ""), "1 to 134217728 are possible");
  expect(png(10'000, 10'000, 8, 0, "x"), "can unpack to");
  expect(png(2, 1, 8, 0, {0, 10}), "damaged PNG");
  std::string damaged = good;
  damaged[45] ^= 1;
  expect(damaged, "damaged PNG");
  expect(png(9'000, 9'000, 8, 0, std::string(9'000 * 9'001, '\0')), "decompression bomb");
}

}  // namespace
}  // namespace strata
