#include "strata/data/text_windows.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/gzip.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::message;
using testing::spill;
using testing::TempFolder;

TEST(TextWindows, TargetsAreTheNumbersThatFollow) {
  const TextWindows windows(arange(0, 50), {.length = 7, .batch = 4, .seed = 3});
  EXPECT_EQ(windows.batches_per_epoch(), 1);
  std::set<int64_t> starts;
  for (int64_t b = 0; b < 500; ++b) {
    const Batch batch = windows.get(0, b);
    ASSERT_EQ(describe(batch.x), "i64[4, 7]");
    const auto x = batch.x.to_vector<int64_t>(), y = batch.y.to_vector<int64_t>();
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(y[i], x[i] + 1);
      ASSERT_EQ(x[i], x[i / 7 * 7] + static_cast<int64_t>(i % 7));
    }
    for (size_t r = 0; r < 4; ++r) starts.insert(x[r * 7]);
  }
  // Every place there is, the last included.
  EXPECT_EQ(starts.size(), 43U);
  EXPECT_EQ(*starts.rbegin(), 42);
}

TEST(TextWindows, ABatchFollowsSeedEpochAndNumber) {
  const Tensor ids = arange(0, 1000);
  const auto at = [&](uint64_t seed, int64_t epoch, int64_t batch) {
    return TextWindows(ids, {.length = 5, .batch = 3, .seed = seed})
        .get(epoch, batch)
        .x.to_vector<int64_t>();
  };
  EXPECT_EQ(at(1, 2, 3), at(1, 2, 3));
  EXPECT_NE(at(1, 2, 3), at(1, 2, 4));
  EXPECT_NE(at(1, 2, 3), at(1, 3, 3));
  EXPECT_NE(at(1, 2, 3), at(2, 2, 3));
}

TEST(TextWindows, RefusesWhatCannotBeCut) {
  EXPECT_THROW(TextWindows(arange(0, 5), {.length = 5}), ValueError);
  EXPECT_NO_THROW(TextWindows(arange(0, 6), {.length = 5}));
  EXPECT_THROW(TextWindows(arange(0, 50), {.length = 0}), ValueError);
  EXPECT_THROW(TextWindows(arange(0, 50), {.batch = 0}), ValueError);
  EXPECT_THROW(TextWindows(zeros({500}), {}), DTypeError);
  EXPECT_THROW(TextWindows(zeros({50, 50}, DType::i64), {}), ShapeError);
}

TEST(CharText, KeepsTheLastTenthApart) {
  const CharText text = split_text("abcdefghijabcdefghij");
  EXPECT_EQ(text.vocabulary.size(), 10);
  EXPECT_EQ(text.train.numel(), 18);
  EXPECT_EQ(text.test.to_vector<int64_t>(), (std::vector<int64_t>{8, 9}));
  EXPECT_THROW(split_text("aaaaaaaaab"), ValueError) << "nothing follows the one kept apart";
  const CharText again = split_text("aaaaaaaaaab", text.vocabulary);
  EXPECT_EQ(again.test.to_vector<int64_t>(), (std::vector<int64_t>{0, 1}));
  EXPECT_THROW(split_text("01234567890", text.vocabulary), ValueError);
  EXPECT_THROW(load_text("no/such/file"), IoError);
}

TEST(LoadText, TakesTextsInUtf8AlsoPacked) {
  const TempFolder folder;
  const auto load = [&](const std::string& bytes) {
    spill(folder / "a.txt", bytes);
    return load_text(folder / "a.txt");
  };
  const auto fault = [&](const std::string& bytes) {
    return message<FormatError>([&] { load(bytes); });
  };
  const std::string text = "Schöne Grüße\n";
  EXPECT_EQ(load(text), text);
  EXPECT_EQ(load(gzip(text)), text);
  EXPECT_EQ(load(text + "\xc3"), text + "\xc3") << "cut off within a character";
  EXPECT_NE(fault("").find("a.txt] is empty"), std::string::npos);
  EXPECT_NE(fault(gzip("")).find("a.txt] is empty"), std::string::npos);
  EXPECT_NE(fault("gr\xfc\xdf").find("a.txt] is no text in UTF-8: see byte 2"), std::string::npos);
  EXPECT_NE(fault(std::string("a\0b", 3)).find("see byte 1"), std::string::npos);
  const std::string packed = gzip(text);
  EXPECT_NE(fault(packed.substr(0, packed.size() - 1)).find("truncated"), std::string::npos);
}

TEST(CharText, IsGeneratedFromASeed) {
  const std::string text = generate_text(2000, 1);
  EXPECT_GE(text.size(), 2000U);
  EXPECT_EQ(text, generate_text(2000, 1));
  EXPECT_NE(text, generate_text(2000, 2));
}

}  // namespace
}  // namespace strata
