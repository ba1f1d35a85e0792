#include "recipes/shared/embedded_tokens.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/text/char_tokenizer.h"
#include "tests/support/message.h"

namespace strata::recipes {
namespace {

TEST(EmbeddedTokens, OnlyThoseOfTheTextMatter) {
  const CharTokenizer tokenizer(CharVocabulary::of("abc"));
  System system = sketch_system("gpt-char");
  system.folder = "folder";
  expect_embedded(system, tokenizer, std::vector<int64_t>{0, 1, 1}, 2);  // "c" has no embedding
  const std::string told = testing::message<ValueError>([&] {
    expect_embedded(system, tokenizer, std::vector<int64_t>{0, 2}, 2);
  });
  EXPECT_EQ(told, "[folder] its network has no embedding for the token c (number 2 of 2)");
}

}  // namespace
}  // namespace strata::recipes
