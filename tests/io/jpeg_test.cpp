#include "strata/io/jpeg.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/image_file.h"
#include "strata/io/png.h"
#include "strata/io/safetensors.h"
#include "strata/ops/creation.h"
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

int largest_difference(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(describe(a), describe(b));
  const auto x = a.to_vector<int>(), y = b.to_vector<int>();
  int worst = 0;
  for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    worst = std::max(worst, std::abs(x[i] - y[i]));
  }
  return worst;
}

TEST(Jpeg, ReadsWhatPilReads) {
  const TempFolder folder;
  for (const std::string name : {"colour", "full", "progressive", "grey", "cmyk"}) {
    spill(folder / "a.jpg", file(name));
    const Tensor& wanted = dump().at(name);
    const int channels = name == "grey" ? 1 : 3;
    EXPECT_LE(largest_difference(read_jpeg(folder / "a.jpg", {.channels = channels}), wanted), 1)
        << name;
    EXPECT_LE(largest_difference(read_image(folder / "a.jpg", {.channels = channels}), wanted), 1)
        << name << " by its content";
    const Tensor four = read_jpeg(folder / "a.jpg", {.channels = 4});
    EXPECT_EQ(four.to_vector<int>()[3], 255);
  }
  EXPECT_THROW(read_jpeg(folder / "a.jpg", {.channels = 2}), ValueError);
}

TEST(Jpeg, RefusesTruncationAndSurvivesChanges) {
  const TempFolder folder;
  const auto load = [](const std::string& path) { read_jpeg(path); };
  for (const std::string name : {"colour", "progressive"}) {
    testing::expect_truncations_refused(folder / "a", file(name), load);
    testing::survive_byte_changes(folder / "a", file(name), [&](const std::string& path) {
      read_jpeg(path, {.most_pixels = 2048});
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
