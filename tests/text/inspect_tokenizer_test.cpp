#include "strata/text/inspect_tokenizer.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/text/merge_cycle.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::spill;
using testing::TempFolder;

const std::string kGolden = std::string(STRATA_SOURCE_DIR) + "/tests/golden/text/";

TEST(MergeCycle, IsFoundAndNamedItself) {
  EXPECT_EQ(cyclic_merge({}), std::nullopt);
  EXPECT_EQ(cyclic_merge({{0, 1, 2}, {2, 3, 4}, {4, 2, 5}, {0, 0, 5}}), std::nullopt);
  EXPECT_EQ(cyclic_merge({{0, 1, 1}}), 0u);
  // The first merge stands behind the circle of the second and third.
  const auto circle = cyclic_merge({{5, 9, 8}, {5, 1, 6}, {6, 1, 5}});
  ASSERT_TRUE(circle);
  EXPECT_TRUE(*circle == 1 || *circle == 2);
}

TEST(InspectTokenizer, DescribesSoundOnes) {
  for (const std::string name : {"tokenizer.json", "vocab.json", "merges.txt"}) {
    ASSERT_TRUE(is_tokenizer_file(kGolden + name));
    const TokenizerReport report = inspect_tokenizer(kGolden + name);
    EXPECT_EQ(report.kind, "byte-level BPE");
    // <mask> was added in tokenizer.json alone.
    EXPECT_EQ(report.tokens, name == "tokenizer.json" ? 601 : 600) << name;
    EXPECT_EQ(report.size, report.tokens) << name;
    EXPECT_GT(report.merges, 300);
    EXPECT_EQ(report.fault, "");
    EXPECT_EQ(report.remarks, std::vector<std::string>()) << name;
  }
  const TokenizerReport report = inspect_tokenizer(kGolden + "wordpiece_cased.json");
  EXPECT_EQ(report.kind, "WordPiece");
  const auto& special = report.special;
  EXPECT_TRUE(std::any_of(special.begin(), special.end(),
                          [](const auto& s) { return s.first == "[MASK]"; }));
  EXPECT_EQ(report.remarks, std::vector<std::string>());
  EXPECT_FALSE(is_tokenizer_file("model.safetensors.index.json"));
  EXPECT_FALSE(has_tokenizer(kGolden + "/.."));
  EXPECT_TRUE(has_tokenizer(kGolden));
}

/// The remarks on a byte-level BPE of that model, one below the other.
std::string remarks(const std::string& model) {
  const TempFolder folder;
  spill(folder / "tokenizer.json",
        R"({"pre_tokenizer": {"type": "ByteLevel"}, "model": {"type": "BPE", )" + model + "}}");
  const TokenizerReport report = inspect_tokenizer(folder.path());
  std::string all = report.fault.empty() ? "" : "fault\n";
  for (const std::string& r : report.remarks) all += r + "\n";
  return all;
}

TEST(InspectTokenizer, JudgesMergesAndNumbers) {
  EXPECT_EQ(remarks(R"("vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"])"), "");
  EXPECT_EQ(remarks(R"("vocab": {"a": 0, "b": 4, "ab": 5}, "merges": ["a b", "a b"])"),
            "1 gaps in the numbers: 1 to 3\n1 merges stand twice: 'a' + 'b'\n");
  EXPECT_EQ(remarks(R"("vocab": {"a": 0, "b": 0}, "merges": [])"),
            "fault\n1 numbers belong to two tokens: 0 ('a', 'b')\n");
  EXPECT_EQ(remarks(R"("vocab": {"a": 0, "b": 1}, "merges": ["a b", "c a"])"),
            "fault\n2 merges need or make what is no token: 'a' + 'b', 'c' + 'a'\n");
  EXPECT_EQ(remarks(R"("vocab": {"a": 0, "b": 1, "ab": 2, "aba": 3}, "merges": ["ab a"])"),
            "1 merges can never happen, for nothing makes their parts: 'ab' + 'a'\n");
  EXPECT_EQ(remarks(R"("vocab": {"a": 0, "": 1}, "merges": [["a", ""]])"),
            "fault\n1 merges can never happen, for nothing makes their parts: 'a' + ''\n"
            "the merge 'a' + '' leads in a circle\n");
  EXPECT_EQ(remarks(R"("vocab": {"a": 0, "a": 1}, "merges": [])"),
            "1 names that stand twice in one object: 'a'\n1 gaps in the numbers: 0\n");
}

TEST(InspectTokenizer, JudgesWordPiece) {
  const TempFolder folder;
  spill(folder / "vocab.txt", "[UNK]\ncat\n\ncat\n[CLS]\n[SEP]\n");
  const TokenizerReport report = inspect_tokenizer(folder.path());
  EXPECT_EQ(report.size, 6);
  EXPECT_EQ(report.remarks,
            (std::vector<std::string>{"1 tokens stand twice with different numbers: 'cat'",
                                      "1 tokens are empty or hold white space: '' 2",
                                      "2 special tokens are missing: [PAD], [MASK]"}));
  spill(folder / "tokenizer.json", R"({"model": {"type": "Unigram"}})");
  EXPECT_NE(
      testing::message<FormatError>([&] { inspect_tokenizer(folder.path()); }).find("Unigram"),
      std::string::npos);
}

}  // namespace
}  // namespace strata
