#include "strata/text/byte_bpe.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/io/gzip.h"
#include "strata/io/safetensors.h"
#include "strata/text/sampling.h"
#include "strata/text/utf8.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::message;
using testing::spill;
using testing::TempFolder;

const std::string kFolder = std::string(STRATA_SOURCE_DIR) + "/tests/golden/text";

struct Line {
  std::string bytes;
  std::vector<int64_t> ids;
};

/// What tools/golden/text_byte_bpe.py wrote.
std::vector<Line> read_lines(const std::string& path) {
  const TensorMap dump = load_safetensors(path);
  const auto bytes = dump.at("bytes").to_vector<uint8_t>();
  const auto lengths = dump.at("lengths").to_vector<int64_t>();
  const auto ids = dump.at("ids").to_vector<int64_t>();
  const auto counts = dump.at("counts").to_vector<int64_t>();
  std::vector<Line> lines;
  auto byte = bytes.begin();
  auto id = ids.begin();
  for (size_t i = 0; i < lengths.size(); ++i) {
    lines.push_back({std::string(byte, byte + lengths[i]), {id, id + counts[i]}});
    byte += lengths[i];
    id += counts[i];
  }
  return lines;
}

void expect_equal(const ByteBpe& tokenizer, const std::vector<Line>& lines) {
  for (const Line& line : lines) {
    EXPECT_EQ(tokenizer.encode(line.bytes), line.ids) << line.bytes;
    if (line.bytes.find("<mask>") != std::string::npos) continue;  // takes white space along
    EXPECT_EQ(tokenizer.decode(line.ids), repair_utf8(line.bytes));
  }
}

TEST(ByteBpe, EqualsTheTokenizersLibrary) {
  const auto lines = read_lines(kFolder + "/byte_bpe.safetensors");
  ASSERT_GT(lines.size(), 250u);
  expect_equal(ByteBpe::load(kFolder), lines);
  expect_equal(ByteBpe::load(kFolder + "/tokenizer.json"), lines);
}

// One line each would do; this is the long comparison of the script's other form.
TEST(ByteBpe, EqualsTheTokenizersLibraryOnManyLines) {
  const char* dump = std::getenv("STRATA_BPE_LINES");
  const char* data = std::getenv("STRATA_DATA");
  if (!dump || !data) GTEST_SKIP() << "needs STRATA_DATA and STRATA_BPE_LINES";
  expect_equal(ByteBpe::load(std::string(data) + "/tokenizers"), read_lines(dump));
}

TEST(ByteBpe, ReadsTwoFilesPackedOrNot) {
  TempFolder folder;
  const auto lines = read_lines(kFolder + "/byte_bpe.safetensors");
  const auto check = [&] {
    const ByteBpe tokenizer = ByteBpe::load(folder.path());
    for (const Line& line : lines) {
      if (line.bytes.find("<mask>") == std::string::npos) {
        EXPECT_EQ(tokenizer.encode(line.bytes), line.ids);
      }
    }
  };
  const std::string vocab = read_text_file(kFolder + "/vocab.json");
  const std::string merges = read_text_file(kFolder + "/merges.txt");
  spill(folder / "vocab.json", vocab);
  spill(folder / "merges.txt", merges);
  check();
  std::filesystem::remove(folder / "vocab.json");
  EXPECT_THROW(ByteBpe::load(folder.path()), IoError);
  spill(folder / "encoder.json.gz", gzip(vocab));
  spill(folder / "vocab.bpe.gz", gzip(merges));
  check();
}

TEST(ByteBpe, EqualsGpt2OnTheGoldens) {
  const char* data = std::getenv("STRATA_DATA");
  if (!data) GTEST_SKIP() << "STRATA_DATA is not set";
  const std::string folder = data;
  const ByteBpe tokenizer = ByteBpe::load(folder + "/tokenizers");
  EXPECT_EQ(tokenizer.size(), 50257);
  EXPECT_EQ(tokenizer.find("<|endoftext|>"), 50256);
  const auto text = tokenizer.encode(read_text_file(folder + "/text/tiny_shakespeare.txt"));
  EXPECT_EQ(text.size(), 338'025u);
  const auto goldens = load_safetensors(folder + "/goldens/gpt2-124m/goldens.safetensors");
  const auto logits = goldens.at("logits").to_vector<float>();
  const auto prompts =
      nlohmann::json::parse(read_text_file(folder + "/goldens/gpt2-124m/prompts.json"));
  size_t n = 0;
  for (const auto& p : prompts) {
    EXPECT_EQ(tokenizer.encode(p.at("prompt").get<std::string>()),
              p.at("token_ids").get<std::vector<int64_t>>());
    const TokenSampler sampler(
        {.temperature = p.at("temperature").get<double>(), .top_k = p.at("top_k").get<int64_t>()});
    const auto chances = sampler.probabilities(std::span(logits).subspan(n++ * 50257, 50257));
    for (const auto& top : p.at("top50")) {
      const auto id = top.at("token_id").get<int64_t>();
      EXPECT_NEAR(chances[static_cast<size_t>(id)], top.at("probability").get<double>(), 1e-14);
      EXPECT_EQ(tokenizer.piece(id), top.at("token").get<std::string>());
    }
  }
  EXPECT_EQ(n, 5u);
}

/// A tokenizer of all bytes and these tokens.
ByteBpe tiny(const std::vector<std::string>& tokens,
             const std::vector<std::pair<std::string, std::string>>& merges) {
  ByteBpeConfig config;
  for (int64_t c = '!'; c < 127; ++c)
    config.vocabulary.emplace_back(std::string(1, static_cast<char>(c)), c);
  int64_t id = 200;
  for (const std::string& t : tokens) config.vocabulary.emplace_back(t, id++);
  config.merges = merges;
  return ByteBpe(config);
}

TEST(ByteBpe, CyclicMergesAreRefusedByName) {
  // "" joined to "a" gives "a" again.
  EXPECT_EQ(message<FormatError>([] {
              tiny({"", "aa"}, {{"a", "a"}, {"", "a"}});
            }),
            "[ByteBpe] the merge '' + 'a' leads in a circle");
  // That "aaa" is made in two ways is no circle.
  const ByteBpe t = tiny({"aa", "aaa"}, {{"a", "a"}, {"aa", "a"}, {"a", "aa"}});
  EXPECT_EQ(t.encode("aaa"), (std::vector<int64_t>{201}));
  EXPECT_EQ(t.decode(t.encode("aaaaaaa")), "aaaaaaa");
}

TEST(ByteBpe, TenMegabytesInOneWord) {
  const ByteBpe t = tiny({"aa", "aaaa"}, {{"a", "a"}, {"aa", "aa"}});
  EXPECT_EQ(t.encode(std::string(10'000'000, 'a')).size(), 2'500'000u);
}

TEST(ByteBpe, BytesWithoutATokenAreLeftOut) {
  EXPECT_EQ(tiny({}, {}).encode("a\xc3\xa9z"), (std::vector<int64_t>{'a', 'z'}));
}

TEST(ByteBpe, StreamsWholeCharacters) {
  const ByteBpe t = ByteBpe::load(kFolder);
  const std::string text = "\xf0\x9f\xa6\x96 caf\xc3\xa9";
  TokenStream stream(t);
  std::string all;
  for (const int64_t id : t.encode(text)) {
    const std::string part = stream.push(id);
    EXPECT_TRUE(is_utf8(part));
    all += part;
  }
  EXPECT_EQ(all + stream.finish(), text);
  EXPECT_THROW(t.piece(-1), IndexError);
}

TEST(ByteBpe, NumbersOfPaddedVocabulariesAddNoText) {
  const ByteBpe t = tiny({"ab"}, {{"a", "b"}});
  EXPECT_EQ(t.decode(std::vector<int64_t>{'x', 150, 200, t.size(), 1'000'000, 'y'}), "xaby");
}

/// A tokenizer.json of a few tokens with these options of its model and of its own.
std::string small_json(const std::string& model, const std::string& more = "") {
  return R"({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, )" + more +
         R"("model": {"type": "BPE", "merges": ["a b", "Ġ x"], "vocab": {"<unk>": 0, "a": 1,
         "b": 2, "ab": 3, "Ġ": 4, "Ċ": 5, "x": 6, "Ġx": 7})" +
         (model.empty() ? "" : ", " + model) + "}}";
}

std::vector<int64_t> numbers(const std::string& json, const std::string& text) {
  const TempFolder folder;
  spill(folder / "a.json", json);
  return ByteBpe::load(folder / "a.json").encode(text);
}

// The numbers are those of tokenizers 0.23.3.
TEST(ByteBpe, BytesWithoutATokenBecomeTheUnknownOne) {
  using Numbers = std::vector<int64_t>;
  const std::string text = "ab\u00e7\u00e7ab x\u00e7";
  EXPECT_EQ(numbers(small_json(""), text), (Numbers{3, 3, 7}));
  EXPECT_EQ(numbers(small_json(R"("unk_token": "<unk>")"), text),
            (Numbers{3, 0, 0, 0, 0, 3, 7, 0, 0}));
  EXPECT_EQ(numbers(small_json(R"("unk_token": "<unk>", "fuse_unk": true)"), text),
            (Numbers{3, 0, 3, 7, 0}));
}

TEST(ByteBpe, RefusesOptionsThatMakeOtherTokens) {
  const auto fault = [&](const std::string& model) {
    return message<FormatError>([&] { numbers(small_json(model), ""); });
  };
  const auto expect = [&](const std::string& model, const std::string& words) {
    EXPECT_NE(fault(model).find("a.json] " + words), std::string::npos) << fault(model);
  };
  expect(R"("unk_token": "?")", "the vocabulary lacks both ? and the byte 0x00");
  expect(R"("end_of_word_suffix": "</w>")", "its end_of_word_suffix is '</w>'");
  expect(R"("continuing_subword_prefix": "##")", "its continuing_subword_prefix is '##'");
  expect(R"("dropout": 0.1)", "its dropout is 0.1");
  const std::string fallback = R"("byte_fallback": true, "vocab": {"<0x41>": 0}, "merges": [])";
  expect(fallback, "its byte_fallback is true");
  EXPECT_EQ(numbers(small_json(R"("dropout": 0.0, "end_of_word_suffix": "", "unk_token": null,
                                  "continuing_subword_prefix": null)"),
                    "ab"),
            std::vector<int64_t>{3});
}

TEST(ByteBpe, AnyTextButOneThatBeginsWithASpaceGetsOne) {
  using Numbers = std::vector<int64_t>;
  std::string json = small_json("");
  json.replace(json.find("false"), 5, "true");
  EXPECT_EQ(numbers(json, "\nab"), (Numbers{4, 5, 3}));
  EXPECT_EQ(numbers(json, "x"), Numbers{7});
  EXPECT_EQ(numbers(json, " x"), Numbers{7});
}

TEST(ByteBpe, LooksForAddedTokensInTwoPasses) {
  using Numbers = std::vector<int64_t>;
  const auto with = [](const std::string& first, const std::string& second) {
    return small_json("", R"("added_tokens": [{"id": 8, "content": )" + first +
                              R"(}, {"id": 9, "content": )" + second + "}], ");
  };
  const std::string passes = with(R"("bx", "normalized": false)", R"("ab", "normalized": true)");
  EXPECT_EQ(numbers(passes, "abx"), (Numbers{1, 8}));
  EXPECT_EQ(numbers(passes, "ab abxab"), (Numbers{9, 4, 1, 8, 9}));
  // White space that one takes along may still begin another.
  const std::string space = with(R"("<s>", "rstrip": true)", R"(" x", "lstrip": true)");
  EXPECT_EQ(numbers(space, "<s>  xab"), (Numbers{8, 9, 3}));
  EXPECT_EQ(numbers(space, "<s> ab  x"), (Numbers{8, 3, 9}));
  // One that is written as the vocabulary writes a byte leaves that byte its token.
  const std::string byte = small_json("", R"("added_tokens": [{"id": 4, "content": "Ġ"}], )");
  EXPECT_EQ(numbers(byte, " a Ġ"), (Numbers{4, 1, 4, 4}));
}

TEST(ByteBpe, SaysWhatIsWrongWithFiles) {
  TempFolder folder;
  const std::string path = folder / "tokenizer.json";
  const auto fault = [&](const std::string& content) {
    spill(path, content);
    return message<FormatError>([&] { ByteBpe::load(path); });
  };
  const auto expect = [&](const std::string& content, const std::string& words) {
    EXPECT_NE(fault(content).find(words), std::string::npos) << fault(content);
  };
  expect("", "no valid JSON");
  expect("[]", "no JSON object");
  expect("{}", "no object \"model\"");
  expect(std::string(100000, '['), "nested too deep");
  expect(R"({"model": {"type": "WordPiece"}})", "model is WordPiece");
  const auto with = [](const std::string& model, const std::string& more = "") {
    return R"({"pre_tokenizer": {"type": "ByteLevel"}, )" + more + R"("model": {"type": "BPE", )" +
           model + "}}";
  };
  expect(with(R"("merges": [])"), "no object \"vocab\"");
  expect(with(R"("vocab": {"a": 0})"), "no list \"merges\"");
  expect(with(R"("vocab": {"a": "x"}, "merges": [])"), "token 'a' has no whole number");
  expect(with(R"("vocab": {"a": 18446744073709551615}, "merges": [])"),
         "tokenizer.json] \"a\" cannot be 18446744073709551615");
  expect(with(R"("vocab": {"a": -1}, "merges": [])"), "has the number -1");
  expect(with(R"("vocab": {"a": 99999999999}, "merges": [])"), "has the number 99999999999");
  expect(with(R"("vocab": {"a": 9999999}, "merges": [])"), "has the number 9999999");
  expect(with(R"("vocab": {"a": 0, "b": 0}, "merges": [])"), "two tokens have number 0");
  expect(with(R"("vocab": {"a b": 0}, "merges": [])"), "stand for no byte");
  expect(with(R"("vocab": {"a": 0, "b": 1}, "merges": ["a b"])"), "needs 'ab', which is no token");
  expect(with(R"("vocab": {"a": 0, "": 1}, "merges": [["", "a"]])"),
         "the merge '' + 'a' leads in a circle");
  expect(with(R"("vocab": {"a": 0}, "merges": ["a"])"), "no merge of two tokens");
  expect(with(R"("vocab": {"a": 0}, "merges": [3])"), "a merge must be");
  expect(with(R"("vocab": {"a": 0}, "merges": [])", R"("normalizer": {"type": "NFC"}, )"),
         "normalizer is NFC");
  expect(with(R"("vocab": {"a": 0}, "merges": [])", R"("added_tokens": [{"content": ""}], )"),
         "an added token is empty");
  EXPECT_THROW(ByteBpe::load(folder / "absent.json"), IoError);
}

}  // namespace
}  // namespace strata
