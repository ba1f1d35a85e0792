// Numbers of sentence-transformers 6.2 on the folder bert-sentences, its files changed as each test
// says.
#include "recipes/shared/sentence_folder.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "recipes/shared/system.h"
#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata::recipes {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr double kTolerance = 2e-4;  // the numbers have four digits behind the point
constexpr int64_t kWidth = 48;

class SentenceFolders : public ::testing::Test {
 protected:
  SentenceFolders() {
    fs::copy(std::string(STRATA_SOURCE_DIR) + "/tests/golden/folders/bert-sentences",
             temp_ / "given", fs::copy_options::recursive);
    write("modules.json",
          R"([{"path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"},
              {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}])");
  }
  void write(const std::string& file, const std::string& text) {
    write_file(temp_ / ("given/" + file), text);
  }
  void pool(const json& mode, bool include_prompt = true) {
    const json pooling = {{"embedding_dimension", kWidth},
                          {"pooling_mode", mode},
                          {"include_prompt", include_prompt}};
    write("1_Pooling/config.json", pooling.dump());
  }
  void prompt(const json& name) {
    const json config = {{"prompts", {{"q", "the cat "}}}, {"default_prompt_name", name}};
    write("config_sentence_transformers.json", config.dump());
  }
  /// The first three features of each pool.
  void expect(const std::string& text, const std::vector<double>& wanted) {
    const NoGrad no_grad;
    System system = open_system(temp_ / "given");
    const auto row = system.recipe->embed(system, {text}).to_vector<double>();
    ASSERT_EQ(row.size(), wanted.size() / 3 * kWidth);
    for (size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_NEAR(row[i / 3 * kWidth + i % 3], wanted[i], kTolerance) << text << " " << i;
    }
  }
  std::string refusal() {
    System system = open_system(temp_ / "given");
    return testing::message<FormatError>([&] { system.recipe->embed(system, {"Green tea"}); });
  }

  const testing::TempFolder temp_;
};

TEST_F(SentenceFolders, PoolByTheModesTheyName) {
  const std::pair<json, std::vector<double>> modes[] = {
      {"cls", {1.4958, 0.3274, -0.2974}},
      {"max", {1.4958, 0.3674, -0.0418}},
      {"mean", {1.2424, 0.3021, -0.1574}},
      {"mean_sqrt_len_tokens", {2.4847, 0.6042, -0.3147}},
      {"lasttoken", {1.0079, 0.2050, -0.0418}},
      {"weightedmean", {1.1851, 0.2867, -0.1265}},
      {{"max", "cls"}, {1.4958, 0.3674, -0.0418, 1.4958, 0.3274, -0.2974}}};
  for (const auto& [mode, wanted] : modes) {
    pool(mode);
    expect("Green tea", wanted);
  }
  write("1_Pooling/config.json",
        R"({"pooling_mode_lasttoken": true, "pooling_mode_cls_token": true})");
  expect("Green tea", {1.4958, 0.3274, -0.2974, 1.0079, 0.2050, -0.0418});
  for (const json& wrong : {json("median"), json(3), json::array({"cls", nullptr})}) {
    pool(wrong);
    EXPECT_NE(refusal().find("1_Pooling/config.json] the pooling_mode"), std::string::npos);
  }
}

TEST_F(SentenceFolders, PutTheirPromptInFrontOfATextAndLeaveItOutWhereTold) {
  pool({"mean", "cls", "weightedmean"});
  prompt("q");
  expect("Green tea", {0.4823, 0.2422, 0.0732, 0.3762, 0.6663, -0.1172, 0.5063, 0.1871, 0.0444});
  pool({"mean", "cls", "weightedmean"}, false);
  expect("Green tea", {0.5632, 0.1271, -0.0116, 0.5760, 0.0861, 0.1400, 0.5515, 0.1344, -0.0298});
  prompt("document");
  pool("mean");
  expect("Green tea", {1.2424, 0.3021, -0.1574});
  prompt("other");
  EXPECT_NE(refusal().find("default_prompt_name 'other' is not among"), std::string::npos);
}

TEST_F(SentenceFolders, CutTextsAsTheTokenizerSaysWhereTheyDoNot) {
  write("sentence_bert_config.json", R"({"transformer_task": "feature-extraction"})");
  write("tokenizer_config.json", R"({"do_lower_case": true, "model_max_length": 4})");
  expect("Paris, the capital of France", {0.3392, -0.2030, 0.0079});
  write("sentence_bert_config.json", R"({"max_seq_length": null})");
  write("tokenizer_config.json", R"({"do_lower_case": true, "model_max_length": 1e30})");
  expect(
      "the cat of the dog is a dog of the cat and the capital of France is a dog of the cat the "
      "cat",
      {1.6785, -0.0360, -0.2424});
}

TEST_F(SentenceFolders, LowerAllLettersForACasedTokenizer) {
  std::string vocabulary = read_text_file(temp_ / "given/vocab.txt");
  const size_t at = vocabulary.find("##z\n");
  ASSERT_NE(at, std::string::npos);
  write("vocab.txt", vocabulary.replace(at, 4, "\u00e9\n"));
  write("tokenizer_config.json", R"({"do_lower_case": false})");
  const std::string text = "\u00c9 GREEN [SEP]";  // with a token that no letter is changed of
  write("sentence_bert_config.json", R"({"do_lower_case": true})");
  expect(text, {0.2606, 0.4657, 0.0564});
  write("sentence_bert_config.json", R"({"do_lower_case": false})");
  expect(text, {0.4769, -0.5857, 0.4721});
}

TEST(PoolSentence, RefusesATextWithoutTokensThatCount) {
  const Tensor hidden = tensor({1.0f, 2.0f}, {1, 2, 1});
  EXPECT_THROW(pool_sentence(hidden, {.pool_prompt = false}, 2), ValueError);
}

}  // namespace
}  // namespace strata::recipes
