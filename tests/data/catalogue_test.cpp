#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/data/catalogue/data_set.h"
#include "strata/io/idx.h"
#include "strata/ops/creation.h"
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
  EXPECT_NE(some[1].message.find("1 of"), std::string::npos) << some[1].message;
  EXPECT_NE(some[3].message.find("checksum"), std::string::npos) << some[3].message;
  const auto fashion = verify(find_data_set("fashion-mnist"), folder.path());
  EXPECT_TRUE(fashion[3].good) << "only its size is known";
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
