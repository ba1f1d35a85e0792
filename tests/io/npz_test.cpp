#include "strata/io/npz.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/archive.h"
#include "strata/io/npy.h"
#include "strata/io/zip.h"
#include "strata/io/zip_writer.h"
#include "strata/ops/creation.h"
#include "tests/support/hostile.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::slurp;
using testing::TempFolder;

std::string golden(const std::string& name) {
  return std::string(STRATA_SOURCE_DIR) + "/tests/golden/io/" + name + ".npz";
}

void load(const std::string& path) { read_npz(path); }

void expect_golden(const TensorMap& all) {
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(describe(all.at("x")), "f32[2, 3]");
  EXPECT_EQ(all.at("x").to_vector<float>(), std::vector<float>({-2, -1, 0, 1, 2, 3}));
  EXPECT_EQ(all.at("labels").to_vector<int64_t>(), std::vector<int64_t>({0, 1, 2}));
  EXPECT_EQ(all.at("layer.0/weight").to_vector<double>(), std::vector<double>({0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(describe(all.at("none")), "f32[0, 4]");
  EXPECT_EQ(describe(all.at("many")), "u8[5000]");
}

TEST(Npz, ReadsWhatNumpyWrote) {
  expect_golden(read_npz(golden("stored")));
  expect_golden(read_npz(golden("packed")));
}

TEST(Npz, ReadsWhatItWrites) {
  const TempFolder folder;
  const TensorMap all = read_npz(golden("stored"));
  for (const bool compress : {false, true}) {
    write_npz(folder / "a.npz", all, compress);
    expect_golden(read_npz(folder / "a.npz"));
    write_npz(folder / "b.npz", all, compress);
    EXPECT_EQ(slurp(folder / "a.npz"), slurp(folder / "b.npz"));
  }
  EXPECT_LT(slurp(folder / "a.npz").size(), 2000u);
  write_npz(folder / "a.npz", {});
  EXPECT_TRUE(read_npz(folder / "a.npz").empty());
}

TEST(Npz, RefusesDamagedFiles) {
  const TempFolder folder;
  write_npz(folder / "a.npz", {{"x", arange(0, 4)}, {"y", ones({2})}}, true);
  const std::string bytes = slurp(folder / "a.npz");
  testing::expect_truncations_refused(folder / "b.npz", bytes, load);
  testing::survive_byte_changes(folder / "b.npz", bytes, load);
}

TEST(Npz, RefusesWhatIsNoArray) {
  const TempFolder folder;
  const auto fault = [&](const std::string& name, const std::string& content) {
    ZipWriter zip(folder / "a.npz");
    zip.add(name, content, true);
    zip.commit();
    return testing::read_hostile(folder / "b.npz", slurp(folder / "a.npz"), load);
  };
  EXPECT_NE(fault("readme.txt", "hello").find("'readme.txt' in it is no array"), std::string::npos);
  EXPECT_NE(fault("x.npy", "hello").find("b.npz:x.npy] truncated"), std::string::npos);
  std::string array = encode_npy(zeros({1000}));
  EXPECT_NE(fault("x.npy", array.substr(0, 1000)).find("truncated"), std::string::npos);
  EXPECT_NE(fault("x.npy", array + "x").find("too long"), std::string::npos);
  // A header that promises more than there is.
  const size_t at = array.find("1000");
  array
      .replace(at, 6,
               "9999999999,)"
               "")
      .resize(array.size());
  EXPECT_NE(fault("x.npy", array), "");
}

TEST(Npz, RefusesBombs) {
  const TempFolder folder;
  ZipWriter zip(folder / "a.npz");
  const std::string zeros_inside = encode_npy(zeros({1 << 20}, DType::u8));
  // 96 MiB of zeros in some 100 KiB, though no entry is large.
  for (int i = 0; i < 96; ++i) zip.add(std::to_string(i) + ".npy", zeros_inside, true);
  zip.commit();
  const std::string fault = testing::read_hostile(folder / "b.npz", slurp(folder / "a.npz"), load);
  EXPECT_NE(fault, "");
}

TEST(ZipWriter, RefusesNamesThatCannotBe) {
  const TempFolder folder;
  ZipWriter zip(folder / "a.zip");
  zip.add("a", "1");
  EXPECT_THROW(zip.add("a", "2"), ValueError);
  EXPECT_THROW(zip.add("", "2"), ValueError);
  EXPECT_THROW(zip.add(std::string(70000, 'x'), "2"), ValueError);
  zip.add("empty", "", true);
  zip.commit();
  const ZipFile read(folder / "a.zip");
  ASSERT_EQ(read.entries().size(), 2u);
  for (const auto& entry : read.entries()) read.check(entry);
  EXPECT_THROW(ZipWriter("/nowhere/a.zip"), IoError);
}

// Without the flag other programs take names for those of DOS.
TEST(ZipWriter, MarksNamesInUtf8) {
  const TempFolder folder;
  const auto flags = [&](const std::string& name) {
    write_npz(folder / "a.npz", {{name, ones({1})}});
    EXPECT_TRUE(read_npz(folder / "a.npz").contains(name));
    const std::string bytes = slurp(folder / "a.npz");
    const size_t central = bytes.find("PK\1\2");
    EXPECT_EQ(bytes.substr(6, 2), bytes.substr(central + 8, 2));
    return bytes.substr(6, 2);
  };
  EXPECT_EQ(flags("gewicht"), std::string("\0\0", 2));
  EXPECT_EQ(flags("größe"), std::string("\0\x08", 2));
}

TEST(Archive, ZipsGiveTheirFiles) {
  const TempFolder folder;
  ZipWriter zip(folder / "a.dat");
  zip.add("pets/", "");
  zip.add("pets/cat.txt", "miaow", true);
  zip.add("pets/dog.txt", "wuff");
  zip.add("pets/fish.md", "");
  zip.commit();
  std::string seen;
  for_each_file(
      folder / "a.dat", [](const std::string& name) { return name.ends_with(".txt"); },
      [&](const std::string& name, std::vector<uint8_t> content) {
        seen += name + "=" + std::string(content.begin(), content.end()) + ";";
      });
  EXPECT_EQ(seen, "pets/cat.txt=miaow;pets/dog.txt=wuff;");
}

}  // namespace
}  // namespace strata
