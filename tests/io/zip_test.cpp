#include "strata/io/zip.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/file.h"
#include "tests/support/hostile.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::TempFolder;

std::string little(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

/// A stored entry of an archive under construction; its checksum is that of "abc".
struct Stored {
  std::string name;
  uint32_t size = 3, packed = 3;
  uint32_t place = 0;
  int method = 0, flags = 0;
  std::string extra = {};
};

constexpr uint32_t kCrc = 0x352441c2;

std::string local(const std::string& name, int method = 0) {
  return "PK\3\4" + little(20, 2) + little(0, 2) + little(static_cast<uint64_t>(method), 2) +
         little(0, 4) + little(kCrc, 4) + little(3, 4) + little(3, 4) + little(name.size(), 2) +
         little(0, 2) + name + "abc";
}

std::string central(const Stored& s) {
  return "PK\1\2" + little(20, 2) + little(20, 2) + little(static_cast<uint64_t>(s.flags), 2) +
         little(static_cast<uint64_t>(s.method), 2) + little(0, 4) + little(kCrc, 4) +
         little(s.packed, 4) + little(s.size, 4) + little(s.name.size(), 2) +
         little(s.extra.size(), 2) + little(0, 2) + little(0, 8) + little(s.place, 4) + s.name +
         s.extra;
}

std::string archive(const std::string& data, const std::string& directory, int count) {
  return data + directory + "PK\5\6" + little(0, 4) + little(static_cast<uint64_t>(count), 2) +
         little(static_cast<uint64_t>(count), 2) + little(directory.size(), 4) +
         little(data.size(), 4) + little(0, 2);
}

std::string fault(const std::string& bytes) {
  const TempFolder folder;
  return testing::read_hostile(folder / "a.zip", bytes, [](const std::string& path) {
    const ZipFile zip(path);
    for (const auto& entry : zip.entries()) zip.check(entry);
  });
}

TEST(Zip, ReadsStoredEntries) {
  const TempFolder folder;
  const std::string data = local("a") + local("b");
  const std::string wide = little(1, 2) + little(8, 2) + little(local("a").size(), 8);
  testing::spill(folder / "a.zip",
                 archive(data, central({"b", 3, 3, 0xffffffff, 0, 0, wide}) + central({"a"}), 2));
  const ZipFile zip(folder / "a.zip");
  ASSERT_EQ(zip.entries().size(), 2u);
  EXPECT_EQ(zip.entries()[1].name, "b") << "placed by its zip64 field";
  std::string text(3, '\0');
  zip.read(*zip.find("b"), text.data());
  EXPECT_EQ(text, "abc");
  EXPECT_EQ(zip.find("c"), nullptr);
}

TEST(Zip, ReadsLargeDirectories) {
  const TempFolder folder;
  std::string data, directory;
  constexpr int kEntries = 1100;
  for (int i = 0; i < kEntries; ++i) {
    const std::string name = std::to_string(i);
    directory +=
        central({name, 3, 3, static_cast<uint32_t>(data.size()), 0, 0, std::string(65'000, '\0')});
    data += local(name);
  }
  ASSERT_GT(directory.size(), size_t{64} << 20);
  testing::spill(folder / "a.zip", archive(data, directory, kEntries));
  const ZipFile zip(folder / "a.zip");
  ASSERT_EQ(zip.entries().size(), size_t{kEntries});
  zip.check(*zip.find("1099"));
  // One beyond all measure, as holes: it is refused before it is read.
  const uint64_t most = uint64_t{1} << 30;
  const std::string end = "PK\5\6" + little(0, 4) + little(1, 2) + little(1, 2) +
                          little(most + 1, 4) + little(0, 4) + little(0, 2);
  testing::spill(folder / "b.zip", "");
  std::filesystem::resize_file(folder / "b.zip", most + 1);
  append_file(folder / "b.zip", end);
  EXPECT_NE(testing::message<FormatError>([&] {
              ZipFile(folder / "b.zip");
            }).find("directory has 1073741825 bytes"),
            std::string::npos);
}

TEST(Zip, NamesTheLie) {
  const std::string one = local("a"), two = one + local("b");
  const auto second = static_cast<uint32_t>(one.size());
  const auto says = [](const std::string& bytes, const std::string& text) {
    EXPECT_NE(fault(bytes).find(text), std::string::npos) << fault(bytes);
  };
  EXPECT_EQ(fault(archive(one, central({"a"}), 1)), "");
  says("", "no zip archive");
  says(archive(one, central({"a"}), 2), "directory lies outside");
  says(archive(two, central({"a"}) + central({"a", 3, 3, second}), 2), "in it twice");
  says(archive(two, central({"a"}) + central({"b"}), 2), "another header than the directory says");
  says(archive(one, central({"a", 9, 9}), 1), "lies outside of the archive");
  says(archive(one, central({"a", 3, 3, 999}), 1), "lies outside of the archive");
  says(archive(one, central({"a", 2, 3}), 1), "is stored in other than its size");
  says(archive(one, central({"a", 2, 2}), 1), "checksum is wrong");
  says(archive(one, central({"a", 3, 3, 0, 0, 1}), 1), "encrypted");
  says(archive(one, central({"a", 3, 3, 0, 12}), 1), "packed by method 12");
  says(archive(two, central({"a", 20, 20}) + central({"b", 3, 3, second}), 2), "overlap");
  says(archive(local("a", 8), central({"a", 4000000000u, 3, 0, 8}), 1), "can unpack to");
  says(archive(local("a", 8), central({"a", 3, 3, 0, 8}), 1), "are damaged");
  says(archive(one, central({"a", 0xffffffff, 3}), 1), "lacks its sizes");
}

}  // namespace
}  // namespace strata
