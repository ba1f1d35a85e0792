#include "strata/io/tar.h"

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "tests/support/hostile.h"
#include "tests/support/tar.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::spill;
using testing::tar_end;
using testing::tar_entry;
using testing::TempFolder;
using Listing = std::vector<std::pair<std::string, std::string>>;

/// Names and contents of the files in an archive.
Listing list(const std::string& path) {
  Listing out;
  TarReader tar(path);
  while (const auto entry = tar.next()) {
    if (entry->kind != TarReader::Kind::file) continue;
    const auto bytes = tar.content();
    out.emplace_back(entry->name, std::string(bytes.begin(), bytes.end()));
  }
  return out;
}

Listing list_bytes(const std::string& bytes) {
  const TempFolder folder;
  spill(folder / "a.tar", bytes);
  return list(folder / "a.tar");
}

TEST(Tar, ListsFilesOfEveryForm) {
  const std::string deep(150, 'd');
  const std::string pax = "170 path=" + deep + "/x.jpg" + std::string(4, 'q') + "\n";
  ASSERT_EQ(pax.size(), 170u);
  const std::string bytes = tar_entry("folder/", "", '5') + tar_entry("folder/a.txt", "hello") +
                            tar_entry("link", "", '2') + tar_entry("empty", "") +
                            tar_entry("././@LongLink", deep + '\0', 'L') + tar_entry("short", "L") +
                            tar_entry("PaxHeader", pax, 'x') + tar_entry("short", "P") +
                            tar_entry("big", std::string(1300, 'z')) + tar_end();
  const Listing wanted = {{"folder/a.txt", "hello"},
                          {"empty", ""},
                          {deep, "L"},
                          {deep + "/x.jpgqqqq", "P"},
                          {"big", std::string(1300, 'z')}};
  EXPECT_EQ(list_bytes(bytes), wanted);
  EXPECT_EQ(list_bytes(gzip(bytes)), wanted) << "packed";
}

TEST(Tar, SaysWhereLinksLead) {
  const TempFolder folder;
  const std::string deep(150, 'd');
  spill(folder / "a", tar_entry("a", "", '1', "set/x") + tar_entry("b", "", '2', "../x") +
                          tar_entry("././@LongLink", deep + '\0', 'K') +
                          tar_entry("c", "", '1', "d") +
                          tar_entry("PaxHeader", "18 linkpath=y/z.x\n", 'x') +
                          tar_entry("e", "", '2', "y") + tar_entry("f/", "") + tar_end());
  TarReader tar(folder / "a");
  using Kind = TarReader::Kind;
  for (const auto& [name, link, kind] : {std::tuple{"a", std::string("set/x"), Kind::hard_link},
                                         {"b", "../x", Kind::symbolic_link},
                                         {"c", deep, Kind::hard_link},
                                         {"e", "y/z.x", Kind::symbolic_link},
                                         {"f/", "", Kind::other}}) {
    const auto entry = tar.next();
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->name, name);
    EXPECT_EQ(entry->link, link);
    EXPECT_EQ(entry->kind, kind) << name;
  }
  EXPECT_FALSE(tar.next());
}

TEST(Tar, PassesSparseFiles) {
  const std::string map(504, 'm'), last = std::string(8, '\0');
  std::string gnu = tar_entry("gnu", std::string(700, 'g'), 'S');
  gnu[482] = 1;
  testing::tar_seal(gnu);
  gnu.insert(512, map + '\1' + std::string(7, '\0') + map + last);
  const std::string pax = "22 GNU.sparse.major=1\n28 GNU.sparse.name=set/real\n";
  const TempFolder folder;
  spill(folder / "a", gnu + tar_entry("PaxHeader", pax, 'x') +
                          tar_entry("GNUSparseFile.7/real", "packed") + tar_entry("b", "b") +
                          tar_end());
  TarReader tar(folder / "a");
  for (const char* name : {"gnu", "set/real"}) {
    const auto entry = tar.next();
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->name, name);
    EXPECT_EQ(entry->kind, TarReader::Kind::sparse);
  }
  EXPECT_EQ(list(folder / "a"), (Listing{{"b", "b"}}));
}

TEST(Tar, SkipsWhatIsNotAskedFor) {
  const TempFolder folder;
  spill(folder / "a", tar_entry("a", std::string(600, 'a')) + tar_entry("b", "b") + tar_end());
  TarReader tar(folder / "a");
  EXPECT_EQ(tar.next()->name, "a");
  EXPECT_EQ(tar.next()->name, "b");
  EXPECT_FALSE(tar.next());
  EXPECT_FALSE(tar.next());
}

TEST(Tar, RefusesTruncationAndSurvivesChanges) {
  const TempFolder folder;
  const auto load = [](const std::string& path) { list(path); };
  const std::string bytes =
      tar_entry("PaxHeader", "15 path=a/b.jpg\n", 'x') + tar_entry("x", "12345") + tar_end();
  for (const std::string& form : {bytes, gzip(bytes)}) {
    testing::expect_truncations_refused(folder / "a", form, load);
    testing::survive_byte_changes(folder / "a", form, load, 1600);
  }
}

TEST(Tar, NamesTheFault) {
  const TempFolder folder;
  const auto fault = [&](const std::string& bytes) {
    return testing::read_hostile(folder / "a", bytes, [](const auto& path) { list(path); });
  };
  EXPECT_NE(fault(std::string(600, 'x')).find("checksum is wrong"), std::string::npos);
  EXPECT_NE(fault(tar_entry("a", "b") + tar_end() + "x").find("follows the archive's end"),
            std::string::npos);
  const std::string bomb = tar_entry("a", std::string(100 << 20, '\0')) + tar_end();
  EXPECT_NE(fault(gzip(bomb)).find("decompression bomb"), std::string::npos);
}

}  // namespace
}  // namespace strata
