#include "strata/text/tokenizer_folder.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/text/byte_bpe.h"
#include "strata/text/wordpiece.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::message;
using testing::spill;
using testing::TempFolder;
using Numbers = std::vector<int64_t>;
using Lines = std::vector<Numbers>;
using Files = std::map<std::string, std::string>;

constexpr const char* kConfig = "tokenizer_config.json";
constexpr const char* kPadDecoder = R"("added_tokens_decoder": {"12": {"content": "<p>",
    "lstrip": true, "rstrip": false, "normalized": false, "single_word": false, "special": true}})";

void write(const TempFolder& folder, const Files& files) {
  for (const auto& [name, content] : files) spill(folder / name, content);
}

const std::string kVocabulary =
    R"({"<|endoftext|>": 0, "a": 1, "b": 2, "ab": 3, "Ġ": 4, "Ċ": 5, "x": 6, "Ġx": 7, "<": 8,
        "p": 9, ">": 10, "[": 11})";

/// Two files of GPT-2's kind and a model's config.json, with more.
Lines gpt2(const Files& more) {
  const TempFolder folder;
  write(folder, {{"vocab.json", kVocabulary},
                 {"merges.txt", "#version: 0.2\na b\nĠ x\n"},
                 {"config.json", R"({"model_type": "gpt2"})"}});
  write(folder, more);
  const ByteBpe t = ByteBpe::load(folder.path());
  return {t.encode("x\nab"), t.encode("ab <p> x"), t.encode("[a <p>")};
}

/// The numbers below are those of transformers 5.24, AutoTokenizer.
TEST(TokenizerFolder, HeedsWhatLiesBesideTwoFilesOfGpt2) {
  EXPECT_EQ(gpt2({}), (Lines{{6, 5, 3}, {3, 4, 8, 9, 10, 7}, {11, 1, 4, 8, 9, 10}}));
  EXPECT_EQ(gpt2({{kConfig, R"({"add_prefix_space": true})"}}),
            (Lines{{7, 5, 3}, {4, 3, 4, 8, 9, 10, 7}, {4, 11, 1, 4, 8, 9, 10}}));
  EXPECT_EQ(gpt2({{"added_tokens.json", R"({"<p>": 99, "[a": 98})"}}),
            (Lines{{6, 5, 3}, {3, 4, 13, 7}, {12, 4, 13}}));
  EXPECT_EQ(gpt2({{kConfig, std::string("{") + kPadDecoder + "}"},
                  {"added_tokens.json", R"({"[a": 98})"}}),
            (Lines{{6, 5, 3}, {3, 12, 7}, {11, 1, 12}}));
  EXPECT_EQ(gpt2({{kConfig, R"({"pad_token": "[a"})"},
                  {"special_tokens_map.json",
                   R"({"pad_token": {"content": "<p>", "lstrip": true, "normalized": false}})"}}),
            (Lines{{6, 5, 3}, {3, 12, 7}, {11, 1, 12}}));
  EXPECT_EQ(gpt2({{kConfig, R"({"pad_token": "<p>", "additional_special_tokens": ["[a"]})"}}),
            (Lines{{6, 5, 3}, {3, 4, 12, 7}, {13, 4, 12}}));
}

TEST(TokenizerFolder, TheClassSaysWhatATokenizerJsonOfGpt2Decides) {
  const std::string json = R"({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true},
      "added_tokens": [{"id": 12, "content": "<p>"}],
      "model": {"type": "BPE", "ignore_merges": true, "merges": ["a b", "Ġ x"], "vocab": )" +
                           kVocabulary + "}}";
  const auto with = [&](const std::string& config) {
    return gpt2({{"tokenizer.json", json}, {kConfig, "{" + config + "}"}});
  };
  const Lines spaced = {{7, 5, 3}, {4, 3, 4, 12, 7}, {4, 11, 1, 4, 12}};
  EXPECT_EQ(with(""), (Lines{{6, 5, 3}, {3, 4, 12, 7}, {11, 1, 4, 12}}));
  EXPECT_EQ(with(R"("add_prefix_space": true)"), spaced);
  const std::string plain = R"("tokenizer_class": "PreTrainedTokenizerFast")";
  EXPECT_EQ(with(plain + R"(, "add_prefix_space": false)"), spaced);
  EXPECT_EQ(with(kPadDecoder), (Lines{{6, 5, 3}, {3, 12, 7}, {11, 1, 12}}));
  EXPECT_EQ(with(plain + ", " + kPadDecoder + R"(, "pad_token": "[a")"),
            (Lines{{7, 5, 3}, {4, 3, 12, 7}, {13, 12}}));
}

/// A vocabulary of BERT's kind and a model's config.json, with more.
Lines bert(const Files& more) {
  const TempFolder folder;
  write(folder,
        {{"vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n##b\n<\np\n>\n[\nx\n]\nB\n"},
         {"config.json", R"({"model_type": "bert"})"}});
  write(folder, more);
  const WordPiece t = WordPiece::load(folder.path());
  return {t.encode_pair("ab <P> [X]").ids, t.encode_pair("B [MASK]").ids};
}

TEST(TokenizerFolder, HeedsWhatLiesBesideAVocabularyOfBert) {
  EXPECT_EQ(bert({}), (Lines{{2, 5, 7, 8, 9, 10, 11, 12, 13, 3}, {2, 6, 4, 3}}));
  EXPECT_EQ(bert({{"added_tokens.json", R"({"<P>": 99, "[X]": 98})"}}),
            (Lines{{2, 5, 7, 16, 15, 3}, {2, 6, 4, 3}}));
  EXPECT_EQ(bert({{kConfig, R"({"added_tokens_decoder": {"15": {"content": "<P>"}}})"}}),
            (Lines{{2, 5, 7, 15, 11, 12, 13, 3}, {2, 6, 4, 3}}));
  EXPECT_EQ(bert({{"special_tokens_map.json", R"({"cls_token": "[X]", "mask_token": "B"})"}}),
            (Lines{{15, 5, 7, 8, 9, 10, 15, 3}, {15, 14, 11, 1, 13, 3}}));
}

TEST(TokenizerFolder, SaysWhatIsWrong) {
  const auto fault = [](const std::string& name, const std::string& content) {
    return message<FormatError>([&] { gpt2({{name, content}}); });
  };
  const auto expect = [&](const std::string& name, const std::string& content,
                          const std::string& words) {
    EXPECT_NE(fault(name, content).find(name + "] " + words), std::string::npos)
        << fault(name, content);
  };
  expect(kConfig, "[]", "is no JSON object");
  expect(kConfig, R"({"pad_token": {"content": "x", "single_word": true}})",
         "added tokens that stand for single words");
  expect(kConfig, R"({"additional_special_tokens": [1]})", "an added token must be a text");
  expect(kConfig, R"({"added_tokens_decoder": {"1x": {}}})", "\"added_tokens_decoder\" must");
  expect(kConfig, R"({"added_tokens_decoder": {"1": "x"}})", "\"added_tokens_decoder\" must");
  expect(kConfig, R"({"add_prefix_space": 1})", "\"add_prefix_space\" cannot be 1");
  expect("added_tokens.json", R"({"x": "1"})", "\"x\" cannot be");
  expect("special_tokens_map.json", "1", "is no JSON object");
}

TEST(TokenizerFolder, SurvivesAnyBytes) {
  const std::string good =
      std::string(R"({"pad_token": "[a", "extra_special_tokens": ["c"], )") + kPadDecoder + "}";
  for (size_t at = 0; at < good.size(); ++at) {
    for (const char byte : {'9', '"'}) {
      std::string changed = good;
      changed[at] = byte;
      try {
        gpt2({{kConfig, changed}});
      } catch (const FormatError&) {  // as it should be
      }
    }
  }
}

}  // namespace
}  // namespace strata
