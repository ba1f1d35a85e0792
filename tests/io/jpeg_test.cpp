#include "strata/io/jpeg.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/exif.h"
#include "strata/io/image_file.h"
#include "strata/io/png.h"
#include "strata/io/safetensors.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "tests/support/difference.h"
#include "tests/support/hostile.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::spill;
using testing::TempFolder;

const TensorMap& dump() {
  static const TensorMap tensors =
      load_safetensors(std::string(STRATA_SOURCE_DIR) + "/tests/golden/io/jpeg.safetensors");
  return tensors;
}

std::string file(const std::string& name) {
  const Tensor& t = dump().at(name + ".jpg");
  return {reinterpret_cast<const char*>(t.data<uint8_t>()), static_cast<size_t>(t.numel())};
}

double difference(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(describe(a), describe(b));
  return testing::largest_difference(a, b);
}

TEST(Jpeg, ReadsWhatPilReads) {
  const TempFolder folder;
  for (const std::string name : {"colour", "full", "progressive", "grey", "cmyk"}) {
    spill(folder / "a.jpg", file(name));
    const Tensor& wanted = dump().at(name);
    const int channels = name == "grey" ? 1 : 3;
    EXPECT_LE(difference(read_jpeg(folder / "a.jpg", {.channels = channels}), wanted), 1) << name;
    EXPECT_LE(difference(read_image(folder / "a.jpg", {.channels = channels}), wanted), 1)
        << name << " by its content";
    const Tensor four = read_jpeg(folder / "a.jpg", {.channels = 4});
    EXPECT_EQ(four.to_vector<int>()[3], 255);
  }
  EXPECT_THROW(read_jpeg(folder / "a.jpg", {.channels = 2}), ValueError);
}

TEST(Exif, TurnsPicturesUpright) {
  const Tensor stored = tensor<uint8_t>({1, 2, 3, 4, 5, 6}, {2, 3, 1});
  // What Pillow's ImageOps.exif_transpose makes of it.
  const std::vector<std::vector<int>> wanted = {
      {1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1}, {4, 5, 6, 1, 2, 3},
      {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3}, {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4}};
  for (int o = 1; o <= 8; ++o) {
    const Tensor upright = turn_upright(stored, o);
    EXPECT_EQ(upright.to_vector<int>(), wanted[static_cast<size_t>(o) - 1]) << o;
    EXPECT_EQ(upright.shape(), o < 5 ? (Shape{2, 3, 1}) : (Shape{3, 2, 1})) << o;
  }
}

/// EXIF data of one entry; its numbers are big-endian where `big`.
std::string exif(int orientation, bool big, int type = 3, int tag = 0x0112, int offset = 8) {
  const auto number = [&](int value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) {
      out += static_cast<char>(value >> (8 * (big ? bytes - 1 - i : i)));
    }
    return out;
  };
  return std::string("Exif\0\0", 6) + (big ? "MM" : "II") + number(42, 2) + number(offset, 4) +
         number(1, 2) + number(tag, 2) + number(type, 2) + number(1, 4) + number(orientation, 2) +
         number(0, 2) + number(0, 4);
}

std::string segment(char marker, const std::string& content) {
  return std::string("\xff") + marker + '\0' + static_cast<char>(content.size() + 2) + content;
}

TEST(Exif, IsReadFromAnySoundPlace) {
  const auto read = [](const std::string& bytes) {
    return jpeg_orientation({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  };
  const auto app1 = [](const std::string& data) { return "\xff\xd8" + segment('\xe1', data); };
  for (int o = 1; o <= 8; ++o) {
    EXPECT_EQ(read(app1(exif(o, true))), o);
    EXPECT_EQ(read(app1(exif(o, false))), o);
  }
  EXPECT_EQ(read("\xff\xd8" + segment('\xe0', "JFIF") + segment('\xe1', "http://ns.adobe.com") +
                 "\xff" + segment('\xe1', exif(6, false))),
            6);
  EXPECT_EQ(read("\xff\xd8" + segment('\xda', "") + segment('\xe1', exif(6, true))), 1);
  for (const std::string& none : {exif(9, true), exif(0, true), exif(6, true, 4),
                                  exif(6, true, 3, 0x0113), exif(6, true, 3, 0x0112, 2000),
                                  exif(6, true, 3, 0x0112, -1), std::string("Exif\0\0XX", 8)}) {
    EXPECT_EQ(read(app1(none)), 1);
  }
  const std::string whole = app1(exif(6, true));
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) EXPECT_EQ(read(whole.substr(0, bytes)), 1);
}

TEST(Jpeg, StandsUprightWhereAsked) {
  const TempFolder folder;
  for (const std::string name : {"colour", "grey", "cmyk"}) {
    std::string turned = file(name);
    turned.insert(2, segment('\xe1', exif(8, false)));
    spill(folder / "a.jpg", turned);
    const Tensor stored = read_jpeg(folder / "a.jpg");
    EXPECT_EQ(stored.to_vector<int>(), read_image(folder / "a.jpg").to_vector<int>());
    const Tensor upright = read_image(folder / "a.jpg", {.upright = true});
    EXPECT_EQ(upright.shape(), (Shape{stored.size(1), stored.size(0), 3}));
    EXPECT_EQ(upright.to_vector<int>(), turn_upright(stored, 8).to_vector<int>());
    EXPECT_NE(upright.to_vector<int>(), stored.to_vector<int>());
  }
}

/// A PNG with a chunk of EXIF data `at` so many bytes behind its beginning.
std::string with_exif(std::string png, size_t at, int orientation) {
  const std::string data = exif(orientation, true).substr(6);
  png.insert(at, std::string(3, '\0') + static_cast<char>(data.size()) + "eXIf" + data +
                     std::string(4, '\0'));
  return png;
}

TEST(Png, StandsUprightWhereAsked) {
  const TempFolder folder;
  const Tensor stored = reshape(arange(0, 18, 1, DType::u8), {2, 3, 3});
  const std::string png = encode_png(stored);
  // Behind the header, and before the end, which are of 8 + 25 and of 12 bytes.
  for (const size_t at : {size_t{33}, png.size() - 12}) {
    for (const int channels : {3, 4}) {
      spill(folder / "a.png", with_exif(png, at, 6));
      const ImageOptions as_stored = {.channels = channels};
      const ImageOptions turned = {.channels = channels, .upright = true};
      const Tensor upright = read_image(folder / "a.png", turned);
      EXPECT_EQ(upright.shape(), (Shape{3, 2, channels}));
      EXPECT_EQ(upright.to_vector<int>(),
                turn_upright(read_image(folder / "a.png", as_stored), 6).to_vector<int>());
    }
  }
  spill(folder / "b.png", png);
  EXPECT_EQ(describe(read_image(folder / "b.png", {.upright = true})), "u8[2, 3, 3]");
}

TEST(Jpeg, RefusesTruncationAndSurvivesChanges) {
  const TempFolder folder;
  const auto load = [](const std::string& path) { read_jpeg(path); };
  for (const std::string name : {"colour", "progressive"}) {
    testing::expect_truncations_refused(folder / "a", file(name), load);
    testing::survive_byte_changes(folder / "a", file(name), [&](const std::string& path) {
      read_jpeg(path, {.most_pixels = 2048, .upright = true});
    });
  }
}

TEST(Jpeg, NamesTheFault) {
  const TempFolder folder;
  const auto fault = [&](const std::string& bytes) {
    return testing::read_hostile(folder / "a", bytes, [](const auto& path) { read_image(path); });
  };
  EXPECT_NE(fault("GIF89a....").find("neither a PNG nor a JPEG"), std::string::npos);
  EXPECT_NE(fault("").find("neither a PNG nor a JPEG"), std::string::npos);
  std::string lying = file("colour");
  const size_t frame = lying.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  for (size_t i = 5; i < 9; ++i) lying[frame + i] = '\x7f';  // its height and width
  EXPECT_NE(fault(lying).find("pixels: 1 to 134217728 are possible"), std::string::npos)
      << fault(lying);
  for (size_t i = 5; i < 9; ++i) lying[frame + i] = '\x1f';
  EXPECT_NE(fault(lying).find("can unpack to"), std::string::npos) << fault(lying);
}

TEST(Image, ReadsPngsByContent) {
  const TempFolder folder;
  write_png(folder / "a.jpg", full({2, 3, 3}, 7, DType::u8));
  EXPECT_EQ(describe(read_image(folder / "a.jpg")), "u8[2, 3, 3]");
}

}  // namespace
}  // namespace strata
