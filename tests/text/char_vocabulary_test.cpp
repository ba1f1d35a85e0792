#include "strata/text/char_vocabulary.h"

#include <string>

#include <gtest/gtest.h>

#include "strata/base/error.h"

namespace strata {
namespace {

TEST(CharVocabulary, NumbersCharactersInTheirOrder) {
  const CharVocabulary v = CharVocabulary::of("hello\n");
  EXPECT_EQ(v.code_points(), (std::vector<int64_t>{'\n', 'e', 'h', 'l', 'o'}));
  const auto ids = v.encode("hole");
  EXPECT_EQ(ids, (std::vector<int64_t>{2, 4, 3, 1}));
  EXPECT_EQ(v.decode(ids), "hole");
}

TEST(CharVocabulary, CountsCodePointsAndNotBytes) {
  const std::string text = "\u00e9\u20ac\U0001F600z";
  const CharVocabulary v = CharVocabulary::of(text);
  EXPECT_EQ(v.code_points(), (std::vector<int64_t>{'z', 0xe9, 0x20ac, 0x1f600}));
  EXPECT_EQ(v.encode(text), (std::vector<int64_t>{1, 2, 3, 0}));
  EXPECT_EQ(v.decode(v.encode(text)), text);
}

TEST(CharVocabulary, BrokenBytesBecomeTheReplacementCharacter) {
  // A lone continuation, a cut sequence, an overlong slash, a surrogate, beyond the last plane.
  const std::pair<std::string, size_t> cases[] = {
      {"\x80", 1}, {"\xe2\x82", 1}, {"\xc0\xaf", 2}, {"\xed\xa0\x80", 3}, {"\xf4\x90\x80\x80", 4}};
  for (const auto& [broken, count] : cases) {
    const CharVocabulary v = CharVocabulary::of(broken);
    EXPECT_EQ(v.code_points(), std::vector<int64_t>{0xfffd}) << broken.size();
    EXPECT_EQ(v.encode(broken).size(), count);
  }
}

TEST(CharVocabulary, NamesWhatItLacks) {
  const CharVocabulary v = CharVocabulary::of("ab");
  try {
    v.encode("a\u00e9");
    FAIL() << "encoded a character it does not have";
  } catch (const ValueError& e) {
    EXPECT_NE(std::string(e.what()).find("'\u00e9' (U+00E9) is not among the 2"), std::string::npos)
        << e.what();
  }
  const int64_t beyond[] = {2}, below[] = {-1};
  EXPECT_THROW(v.decode(beyond), IndexError);
  EXPECT_THROW(v.decode(below), IndexError);
  EXPECT_THROW(CharVocabulary({5, 5}), ValueError);
  EXPECT_THROW(CharVocabulary({-1, 5}), ValueError);
  EXPECT_THROW(CharVocabulary({5, 0x110000}), ValueError);
}

}  // namespace
}  // namespace strata
