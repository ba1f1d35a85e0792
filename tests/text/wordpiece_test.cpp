#include "strata/text/wordpiece.h"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/safetensors.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::message;
using testing::spill;
using testing::TempFolder;
using Numbers = std::vector<int64_t>;

const std::string kGolden = std::string(STRATA_SOURCE_DIR) + "/tests/golden/text/";

/// Compares with a dump of tools/golden/text_wordpiece.py.
void expect_equal(const WordPiece& tokenizer, const std::string& dump) {
  const TensorMap d = load_safetensors(dump);
  const auto bytes = d.at("bytes").to_vector<uint8_t>();
  const auto ids = d.at("ids").to_vector<int64_t>();
  const auto lengths = d.at("lengths").to_vector<int64_t>();
  const auto counts = d.at("counts").to_vector<int64_t>();
  auto byte = bytes.begin();
  auto id = ids.begin();
  int different = 0;
  for (size_t i = 0; i < lengths.size(); ++i) {
    const std::string text(byte, byte + lengths[i]);
    byte += lengths[i];
    const Numbers expected(id, id + counts[i]);
    id += counts[i];
    if (tokenizer.encode(text) == expected) continue;
    if (++different <= 3) {
      EXPECT_EQ(tokenizer.encode(text), expected) << i << ": " << text;
    }
  }
  EXPECT_EQ(different, 0) << "of " << lengths.size() << " lines";
}

TEST(WordPiece, EqualToTheTokenizersPackageOnMixedScripts) {
  for (const char* name : {"wordpiece_uncased", "wordpiece_cased"}) {
    SCOPED_TRACE(name);
    expect_equal(WordPiece::load(kGolden + name + ".json"), kGolden + name + ".safetensors");
  }
  if (const char* more = std::getenv("STRATA_WORDPIECE")) {
    const std::string both = more;
    const size_t colon = both.find(':');
    expect_equal(WordPiece::load(both.substr(0, colon)), both.substr(colon + 1));
  }
}

WordPieceConfig small() {
  WordPieceConfig c;
  for (const char* token : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able",
                            "want", "##ed", ",", "cafe", "runn", "##ing", "."}) {
    c.vocabulary.emplace_back(token, static_cast<int64_t>(c.vocabulary.size()));
  }
  for (int64_t i = 0; i < 5; ++i)
    c.added.push_back({c.vocabulary[static_cast<size_t>(i)].first, i});
  return c;
}

TEST(WordPiece, CutsWordsIntoTheLongestTokens) {
  const WordPiece t(small());
  EXPECT_EQ(t.encode("UNwant\u00c9d,running"), (Numbers{1, 10, 12, 13}));
  EXPECT_EQ(t.encode("wanted unaffable Caf\u00e9"), (Numbers{8, 9, 5, 6, 7, 11}));
  EXPECT_EQ(t.encode("unaffx"), Numbers{1})
      << "a word that is not all tokens is unknown as a whole";
  EXPECT_EQ(t.encode(""), Numbers{});
  EXPECT_EQ(t.text_of(Numbers{2, 8, 9, 10, 5, 6, 7, 14, 3}), "wanted, unaffable.");
}

TEST(WordPiece, KeepsSpecialTokensWhole) {
  const WordPiece t(small());
  EXPECT_EQ(t.encode("want[MASK]."), (Numbers{8, 4, 14}));
  EXPECT_EQ(t.encode("[mask]").size(), 3u) << "not a special token: its brackets are punctuation";
  EXPECT_TRUE(t.is_special(4));
  EXPECT_FALSE(t.is_special(5));
}

TEST(WordPiece, PutsPairsTogetherAndCutsTheLonger) {
  const WordPiece t(small());
  const TokenPair one = t.encode_pair("want");
  EXPECT_EQ(one.ids, (Numbers{2, 8, 3}));
  const TokenPair two = t.encode_pair("want , cafe", "un");
  EXPECT_EQ(two.ids, (Numbers{2, 8, 10, 11, 3, 5, 3}));
  EXPECT_EQ(two.types, (Numbers{0, 0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(t.encode_pair("want , cafe", "un", 6).ids, (Numbers{2, 8, 10, 3, 5, 3}));
  EXPECT_EQ(t.encode_pair("want , cafe", {}, 3).ids, (Numbers{2, 8, 3}));
  EXPECT_EQ(t.encode_pair("want", {}, 1).ids, (Numbers{2, 3}));
}

TEST(WordPiece, LongLinesAndWordsTakeTheirTime) {
  const WordPiece t(small());
  EXPECT_EQ(t.encode(std::string(10 << 20, 'w')), Numbers{1});
  EXPECT_EQ(t.encode(std::string(1 << 20, ',')).size(), size_t{1} << 20);
  std::string marks = "a";
  for (int i = 0; i < 200000; ++i) marks += i % 2 ? "\u0301" : "\u0327";
  EXPECT_EQ(t.encode(marks), Numbers{1});
}

TEST(WordPiece, ReadsVocabulariesAsTheyLie) {
  const TempFolder folder;
  EXPECT_NE(message<IoError>([&] { WordPiece::load(folder.path()); }).find("no tokenizer"),
            std::string::npos);
  spill(folder / "vocab.txt", "[PAD]\n[UNK]\r\n[CLS]\n[SEP]\n[MASK]\nCaf\u00e9\ncafe\n");
  EXPECT_EQ(WordPiece::load(folder.path()).encode("Caf\u00e9 [MASK]"), (Numbers{6, 4}));
  spill(folder / "tokenizer_config.json", R"({"do_lower_case": false})");
  EXPECT_EQ(WordPiece::load(folder.path()).encode("Caf\u00e9 [MASK]"), (Numbers{5, 4}));
  spill(folder / "tokenizer.json",
        R"({"model": {"vocab": {"<u>": 0, "x": 1}, "unk_token": "<u>"}})");
  spill(folder / "tokenizer_config.json",
        R"({"unk_token": {"content": "<u>"}, "tokenizer_class": "BertTokenizerFast"})");
  EXPECT_EQ(WordPiece::load(folder.path()).encode("X y"), (Numbers{1, 0}));
}

TEST(WordPiece, RefusesWhatItCannotBe) {
  const TempFolder folder;
  spill(folder / "tokenizer_config.json", R"({"tokenizer_class": "BertTokenizer"})");
  const auto fault = [&](const std::string& json) {
    spill(folder / "tokenizer.json", json);
    return message<FormatError>([&] { WordPiece::load(folder.path()); });
  };
  const auto has = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  has(fault("[]"), "no JSON object");
  has(fault("{"), "no valid JSON");
  has(fault(std::string(500, '[')), "");
  has(fault(R"({"model": {"type": "BPE"}})"), "its model is BPE");
  has(fault(R"({"model": {}})"), "no object \"vocab\"");
  has(fault(R"({"model": {"vocab": {"[UNK]": "1"}}})"), "no whole number");
  has(fault(R"({"model": {"vocab": {"[UNK]": 18446744073709551615}}})"),
      "tokenizer.json] \"[UNK]\" cannot be 18446744073709551615");
  has(fault(R"({"model": {"vocab": {"[UNK]": -1}}})"), "has the number -1");
  has(fault(R"({"model": {"vocab": {"[UNK]": 1, "a": 1}}})"), "both have the number 1");
  has(fault(R"({"model": {"vocab": {"a": 1}}})"), "lacks [UNK]");
  has(fault(R"({"model": {"vocab": {"[UNK]": 99999999999}}})"), "has the number");
  has(fault(R"({"model": {"vocab": {"[UNK]": 9999999}}})"), "has the number");
  const WordPiece t(small());
  has(message<IndexError>([&] { t.token(15); }), "no token number 15 among 15");
  EXPECT_THROW(t.piece(-1), IndexError);
  EXPECT_EQ(t.decode(Numbers{15, 8, 1000, 9}), "wanted") << "networks are padded to more tokens";
}

/// A tokenizer.json with these parts; "[CLS] A [SEP]" stands for the pieces of a template.
std::string with_parts(const std::string& pre_tokenizer, const std::string& post_processor) {
  return R"({"normalizer": {"type": "BertNormalizer", "lowercase": false},
      "pre_tokenizer": )" +
         pre_tokenizer + R"(, "post_processor": )" + post_processor +
         R"(, "model": {"type": "WordPiece", "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2,
      "[SEP]": 3, "a": 4, "A": 5}}})";
}

std::string piece_of(const std::string& name, int type) {
  const char* kind = name.size() == 1 ? "Sequence" : "SpecialToken";
  return std::string("{\"") + kind + R"(": {"id": ")" + name + R"(", "type_id": )" +
         std::to_string(type) + "}}";
}

TEST(WordPiece, RefusesWhatDoesNotMakeClsAndSep) {
  const std::string pre = R"({"type": "BertPreTokenizer"})";
  const std::string one =
      piece_of("[CLS]", 0) + "," + piece_of("A", 0) + "," + piece_of("[SEP]", 0);
  const std::string two = one + "," + piece_of("B", 1) + "," + piece_of("[SEP]", 1);
  const auto make = [](const std::string& single, const std::string& pair, int classify = 2) {
    return R"({"type": "TemplateProcessing", "single": [)" + single + R"(], "pair": [)" + pair +
           R"(], "special_tokens": {"[SEP]": {"id": "[SEP]", "ids": [3]}, "[CLS]": {"ids": [)" +
           std::to_string(classify) + "]}}}";
  };
  const TempFolder folder;
  const auto read = [&](const std::string& json) {
    spill(folder / "tokenizer.json", json);
    return WordPiece::load(folder.path()).encode_pair("a A").ids;
  };
  const Numbers kept = {2, 4, 5, 3};
  EXPECT_EQ(read(with_parts(pre, make(one, two))), kept);
  EXPECT_EQ(read(with_parts(pre, R"({"type": "BertProcessing", "sep": ["[SEP]", 3],
                                     "cls": ["[CLS]", 2]})")),
            kept);
  const auto refused = [&](const std::string& json, const std::string& words) {
    const std::string error = message<FormatError>([&] { read(json); });
    EXPECT_NE(error.find("tokenizer.json] its " + words), std::string::npos) << error;
  };
  refused(with_parts("null", make(one, two)), "pre_tokenizer is absent");
  refused(with_parts(pre, "null"), "post_processor (absent)");
  refused(with_parts(pre, R"({"type": "RobertaProcessing"})"), "post_processor (Roberta");
  refused(with_parts(pre, R"({"type": "BertProcessing", "sep": ["[SEP]", 3],
                              "cls": ["[PAD]", 0]})"),
          "post_processor (BertProcessing)");
  refused(with_parts(pre, make(one, two, 1)), "post_processor (TemplateProcessing)");
  refused(with_parts(pre, make(two, two)), "post_processor (TemplateProcessing)");
  refused(with_parts(pre, make(one, one + "," + piece_of("B", 1))),
          "post_processor (TemplateProcessing)");
  refused(with_parts(pre, make(one, one + "," + piece_of("B", 0) + "," + piece_of("[SEP]", 0))),
          "post_processor (TemplateProcessing)");
  // transformers' own class makes all but the vocabulary itself.
  spill(folder / "tokenizer_config.json", R"({"tokenizer_class": "BertTokenizer"})");
  EXPECT_EQ(read(with_parts("null", "null")), (Numbers{2, 4, 4, 3}));
  spill(folder / "tokenizer_config.json",
        R"({"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": true})");
  EXPECT_EQ(read(with_parts(pre, make(one, two))), kept);
}

}  // namespace
}  // namespace strata
