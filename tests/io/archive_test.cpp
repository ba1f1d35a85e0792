#include "strata/io/archive.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/gzip.h"
#include "strata/io/zip_writer.h"
#include "tests/support/message.h"
#include "tests/support/tar.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::message;
using testing::slurp;
using testing::spill;
using testing::tar_end;
using testing::tar_entry;
using testing::TempFolder;
using Listing = std::vector<std::pair<std::string, std::string>>;

/// Names, sorted, and contents of the files that end by .txt.
Listing texts(const std::string& path) {
  Listing out;
  for_each_file(
      path, [](const std::string& name) { return name.ends_with(".txt"); },
      [&](const std::string& name, std::vector<uint8_t> content) {
        out.emplace_back(name, std::string(content.begin(), content.end()));
      });
  std::sort(out.begin(), out.end());
  return out;
}

Listing texts_of(const std::string& bytes) {
  const TempFolder folder;
  spill(folder / "a", bytes);
  return texts(folder / "a");
}

std::string fault(const std::string& bytes) {
  return message<FormatError>([&] { texts_of(bytes); });
}

std::string hard(const std::string& name, const std::string& file) {
  return tar_entry(name, "", '1', file);
}
std::string symbolic(const std::string& name, const std::string& target) {
  return tar_entry(name, "", '2', target);
}

/// A zip archive of Unix in which some of the files are symbolic links.
std::string zip_of(const std::vector<std::pair<std::string, std::string>>& files,
                   const std::vector<std::string>& links) {
  const TempFolder folder;
  ZipWriter zip(folder / "a.zip");
  for (const auto& [name, content] : files) zip.add(name, content, true);
  zip.commit();
  std::string bytes = slurp(folder / "a.zip");
  for (size_t at = bytes.find("PK\1\2"); at != std::string::npos;
       at = bytes.find("PK\1\2", at + 4)) {
    const std::string name = bytes.substr(at + 46, static_cast<unsigned char>(bytes[at + 28]));
    const bool link = std::find(links.begin(), links.end(), name) != links.end();
    bytes.replace(at + 38, 4, std::string("\0\0\xa4", 3) + (link ? '\xa1' : '\x81'));
  }
  return bytes;
}

TEST(Archive, GivesHardLinksTheirContent) {
  const std::string deep = std::string(150, 'd') + ".txt";
  const std::string bytes =
      hard("early.txt", "set/a.txt") + tar_entry("./set/a.txt", "A") +
      hard("./set/b.txt", "./set/a.txt") + hard("set/c.txt", "set/b.txt") +
      hard("set/a.txt", "set/a.txt") + hard("set/other", "nowhere") +
      tar_entry("././@LongLink", deep + '\0', 'L') + tar_entry("short", "deep") +
      tar_entry("././@LongLink", deep + '\0', 'K') + hard("d.txt", "short") +
      hard("set/e.txt", "set/stored.bin") + tar_entry("set/stored.bin", "E") + tar_end();
  const Listing wanted = {{"./set/a.txt", "A"}, {"./set/b.txt", "A"}, {"d.txt", "deep"},
                          {deep, "deep"},       {"early.txt", "A"},   {"set/c.txt", "A"},
                          {"set/e.txt", "E"}};
  EXPECT_EQ(texts_of(bytes), wanted);
  EXPECT_EQ(texts_of(gzip(bytes)), wanted);
}

TEST(Archive, FollowsSymbolicLinks) {
  const std::string tar = symbolic("set/b.txt", "../pool/a.bin") + symbolic("set/c.txt", "b.txt") +
                          tar_entry("pool/a.bin", "A") + tar_entry("pool/n/x.txt", "X") +
                          symbolic("set/n", "../pool/n") + symbolic("set/d.txt", "n/x.txt") +
                          symbolic("pool/self", ".") + symbolic("round", "about") +
                          symbolic("about", "round") + symbolic("out", "/etc/passwd") + tar_end();
  const std::string zip = zip_of(
      {{"set/b.txt", "../pool/a.bin"},
       {"set/c.txt", "b.txt"},
       {"pool/a.bin", "A"},
       {"pool/n/x.txt", "X"},
       {"set/n", "../pool/n"},
       {"set/d.txt", "n/x.txt"},
       {"pool/self", "."},
       {"round", "about"},
       {"about", "round"},
       {"out", "/etc/passwd"}},
      {"set/b.txt", "set/c.txt", "set/n", "set/d.txt", "pool/self", "round", "about", "out"});
  const Listing wanted = {{"pool/n/x.txt", "X"},
                          {"set/b.txt", "A"},
                          {"set/c.txt", "A"},
                          {"set/d.txt", "X"},
                          {"set/n/x.txt", "X"}};
  EXPECT_EQ(texts_of(tar), wanted);
  EXPECT_EQ(texts_of(gzip(tar)), wanted);
  EXPECT_EQ(texts_of(zip), wanted);
}

TEST(Archive, NamesLinksThatLeadNowhere) {
  const auto says = [](const std::string& bytes, const std::string& text) {
    EXPECT_NE(fault(bytes).find(text), std::string::npos) << fault(bytes);
  };
  const std::string end = tar_entry("x", "x") + tar_end();
  says(hard("a.txt", "b.txt") + end, "a] 'a.txt' is a link to 'b.txt', which is not in it");
  says(symbolic("a.txt", "a.txt") + end, "'a.txt' is a link to 'a.txt'");
  says(symbolic("a.txt", "../x") + end, "'a.txt' is a link to '../x'");
  says(symbolic("a.txt", "/etc/hostname") + end, "'/etc/hostname', which is not in it");
  says(zip_of({{"a.txt", "b"}}, {"a.txt"}), "'a.txt' is a link to 'b', which is not in it");
  says(zip_of({{"a", std::string(70'000, 'x')}}, {"a"}), "'a' is no link");
}

TEST(Archive, NamesSparseFiles) {
  const std::string sparse = tar_entry("a.txt", "packed", 'S');
  EXPECT_NE(fault(sparse + tar_end()).find("'a.txt' is stored as a sparse file"),
            std::string::npos);
  EXPECT_NE(fault(tar_entry("a", "packed", 'S') + hard("b.txt", "a") + tar_end())
                .find("'a' is stored as a sparse file"),
            std::string::npos);
  EXPECT_EQ(texts_of(tar_entry("a", "packed", 'S') + tar_entry("b.txt", "B") + tar_end()),
            (Listing{{"b.txt", "B"}}));
}

TEST(Archive, RefusesBombsOfLinks) {
  std::string bytes = tar_entry("a", std::string(1 << 20, '\0'));
  for (int i = 0; i < 70; ++i) bytes += hard(std::to_string(i) + ".txt", "a");
  EXPECT_NE(fault(gzip(bytes + tar_end())).find("can unpack to"), std::string::npos);
  std::string name;
  for (int i = 0; i < 1 << 18; ++i) name += "./";
  bytes = tar_entry("././@LongLink", name + "l", 'L') + symbolic("short", "pool");
  for (int i = 0; i < 600; ++i) bytes += tar_entry("pool/" + std::to_string(i), "");
  EXPECT_NE(fault(bytes + tar_end()).find("absurdly many links"), std::string::npos);
}

}  // namespace
}  // namespace strata
