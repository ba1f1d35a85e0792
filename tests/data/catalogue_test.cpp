#include <algorithm>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/data/catalogue/data_set.h"
#include "strata/io/gzip.h"
#include "strata/io/idx.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata::catalogue {
namespace {

TEST(Catalogue, DescribesEachDataSet) {
  ASSERT_GE(all_data_sets().size(), 5u);
  for (const DataSetInfo& info : all_data_sets()) {
    EXPECT_FALSE(info.title.empty()) << info.name;
    EXPECT_FALSE(info.what.empty()) << info.name;
    EXPECT_FALSE(info.source.empty()) << info.name;
    EXPECT_EQ(&find_data_set(info.name), &info);
    // What has files can be replaced by something that has none.
    EXPECT_EQ(info.files.empty(), info.instead.empty()) << info.name;
    if (info.instead.empty()) continue;
    EXPECT_TRUE(find_data_set(info.instead).files.empty());
  }
  EXPECT_THROW(find_data_set("mnisst"), ValueError);
  EXPECT_THROW(verify(find_data_set("digits"), "."), ValueError);
}

TEST(Catalogue, FindsWhatIsMissingOrOther) {
  const testing::TempFolder folder;
  const DataSetInfo& mnist = find_data_set("mnist");
  const auto all = verify(mnist, folder.path());
  ASSERT_EQ(all.size(), 4u);
  EXPECT_TRUE(std::none_of(all.begin(), all.end(), [](const auto& v) { return v.good; }));
  write_idx(folder / "t10k-labels-idx1-ubyte", zeros({10'000}, DType::u8));
  write_idx(folder / "train-labels-idx1-ubyte.gz", zeros({59'999}, DType::u8));
  const auto some = verify(mnist, folder.path());
  EXPECT_NE(some[1].message.find("it holds an array [59999], published was [60000]"),
            std::string::npos)
      << some[1].message;
  EXPECT_NE(some[3].message.find("checksum"), std::string::npos) << some[3].message;
  const auto fashion = verify(find_data_set("fashion-mnist"), folder.path());
  EXPECT_TRUE(fashion[3].good) << "only its size is known";
}

TEST(Catalogue, SaysTheSizeOfASoundFile) {
  const testing::TempFolder folder;
  const auto said = [&](const std::string& content, const DataFile& published) {
    testing::spill(folder / "x", content);
    testing::spill(folder / "x.gz", gzip(content));
    const auto plain = testing::message<FormatError>([&] { check_file(folder / "x", published); });
    const auto packed =
        testing::message<FormatError>([&] { check_file(folder / "x.gz", published); });
    EXPECT_EQ(plain.substr(plain.find("] ")), packed.substr(packed.find("] ")));
    return plain.substr(plain.find("] ") + 2);
  };
  EXPECT_EQ(said("abc", {.bytes = 5}), "has 3 bytes, published were 5");
  EXPECT_EQ(said("", {.bytes = 5}), "has 0 bytes, published were 5");
  EXPECT_EQ(said("abcdefghi", {.bytes = 5}), "has more than the published 5 bytes");
  EXPECT_EQ(check_file(folder / "x", {.what = "text", .bytes = 9}), "text, of the published size");
  // Sound arrays of other sizes, and one whose header promises what is not there.
  const DataFile& published = find_data_set("mnist").files[2];
  write_idx(folder / "idx", zeros({300, 28, 28}, DType::u8));
  const std::string idx = testing::slurp(folder / "idx");
  EXPECT_EQ(said(idx, published), "it holds an array [300, 28, 28], published was [10000, 28, 28]");
  testing::spill(folder / "cut", idx.substr(0, 1000));
  EXPECT_NE(testing::message<FormatError>([&] {
              check_file(folder / "cut", published);
            }).find("truncated: its header promises 235200 bytes, 984 follow"),
            std::string::npos);
  write_idx(folder / "wide", zeros({10000}, DType::i32));
  EXPECT_NE(testing::message<FormatError>([&] {
              check_file(folder / "wide", find_data_set("mnist").files[3]);
            }).find("has more than the published 10008 bytes"),
            std::string::npos);
}

TEST(Catalogue, KnowsTheRealMnist) {
  const char* data = std::getenv("STRATA_DATA");
  if (!data) GTEST_SKIP() << "STRATA_DATA is not set: the real MNIST is not checked";
  for (const FileVerdict& v : verify(find_data_set("mnist"), std::string(data) + "/mnist")) {
    EXPECT_TRUE(v.good) << v.name << ": " << v.message;
  }
}

}  // namespace
}  // namespace strata::catalogue
