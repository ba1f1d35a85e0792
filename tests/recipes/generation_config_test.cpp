#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "recipes/shared/write_text.h"
#include "strata/base/error.h"
#include "strata/text/char_tokenizer.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata::recipes {
namespace {

using testing::spill;
using testing::TempFolder;

/// A request's defaults by a folder with that generation_config.json.
GenerateRequest with(const std::string& config, const GenerateRequest& request = {},
                     int64_t prompt_tokens = 3) {
  const TempFolder temp;
  spill(temp / "generation_config.json", config);
  System system = sketch_system("gpt-char");
  system.folder = temp.path();
  return with_folder_defaults(request, system, prompt_tokens);
}

TEST(GenerationConfig, DrawsUnlessItSaysOtherwise) {
  EXPECT_EQ(with(R"({"do_sample": false, "temperature": 0.7})").temperature, 0);
  EXPECT_EQ(with(R"({"do_sample": true, "temperature": 0.7})").temperature, 0.7);
  EXPECT_EQ(with(R"({"do_sample": false, "temperature": 0.7})", {.prompt = "a", .temperature = 2})
                .temperature,
            2);
  const GenerateRequest drawn = with(R"({"do_sample": false, "temperature": 0.7, "top_p": 0.5})",
                                     {.prompt = "a", .top_k = 9});
  EXPECT_EQ(drawn.temperature, 0.7);
  EXPECT_EQ(drawn.top_k, 9);
  EXPECT_EQ(drawn.top_p, 0.5);
}

TEST(GenerationConfig, LimitsTheLength) {
  EXPECT_EQ(with(R"({"max_new_tokens": 7, "max_length": 5})").max_tokens, 7);
  EXPECT_EQ(with(R"({"max_new_tokens": 7})", {.prompt = "a", .max_tokens = 2}).max_tokens, 2);
  EXPECT_EQ(with(R"({"max_length": 5})").max_tokens, 2);
  EXPECT_EQ(with(R"({"max_length": 3})", {.prompt = "a", .max_tokens = 9}).max_tokens, 9);
  EXPECT_THROW(with(R"({"max_length": 3})"), FormatError);
  EXPECT_EQ(with(R"({"min_new_tokens": 4})").min_tokens, 4);
  EXPECT_EQ(with(R"({"min_new_tokens": 4, "min_length": 9})").min_tokens, 6);
}

TEST(GenerationConfig, IsRefusedForWhatWouldChangeTheText) {
  const char* wrong[] = {R"("no_repeat_ngram_size": 2)",
                         R"("num_beams": 3)",
                         R"("suppress_tokens": [1])",
                         R"("bad_words_ids": [[1]])",
                         R"("min_p": 0.1)",
                         R"("typical_p": 0.9)",
                         R"("guidance_scale": 2.5)",
                         R"("stop_strings": "a")",
                         R"("forced_eos_token_id": 1)",
                         R"("token_healing": true)",
                         R"("sequence_bias": [[[1], 2.0]])"};
  for (const std::string option : wrong) {
    const std::string told = testing::message<FormatError>([&] { with("{" + option + "}"); });
    const std::string key = option.substr(1, option.find(':') - 2);
    EXPECT_NE(told.find("generation_config.json] " + key + " "), std::string::npos) << told;
    EXPECT_NE(told.find("is not supported"), std::string::npos) << told;
  }
  with(R"({"no_repeat_ngram_size": 0, "num_beams": 1, "suppress_tokens": null, "min_p": 0.0,
           "bad_words_ids": [], "typical_p": 1.0, "token_healing": false, "top_h": null,
           "use_cache": true, "length_penalty": 2.0, "unheard_of": 7})");
  with(R"({"do_sample": false, "typical_p": 0.5})");  // it tells how to draw
}

TEST(WriteText, EndsNoSoonerThanAsked) {
  const CharTokenizer tokenizer(CharVocabulary::of("ab"));
  const Writer writer = {tokenizer,
                         [](std::span<const int64_t>) {
                           return std::vector{0.f, 1.f};
                         },
                         {1}};
  std::string text;
  const auto sink = [&](std::string_view piece) {
    text += piece;
    return true;
  };
  const GenerateResult result =
      write_text(writer, tokenizer.encode("a"), {.min_tokens = 3, .temperature = 0}, sink);
  EXPECT_EQ(text, "aaa");
  EXPECT_TRUE(result.stopped);
}

}  // namespace
}  // namespace strata::recipes
