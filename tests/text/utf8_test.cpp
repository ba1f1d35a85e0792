#include "strata/text/utf8.h"

#include <string>

#include <gtest/gtest.h>

#include "strata/text/unicode.h"

namespace strata {
namespace {

const std::string kBad = "\xef\xbf\xbd";

// What Python's bytes.decode("utf-8", "replace") gives.
TEST(Utf8, ReplacesWhatIsNoCharacter) {
  EXPECT_EQ(repair_utf8("a\xc3\xa9z"), "a\xc3\xa9z");
  EXPECT_EQ(repair_utf8("\xff\xfe!"), kBad + kBad + "!");
  EXPECT_EQ(repair_utf8("\xc3"), kBad);
  EXPECT_EQ(repair_utf8("\xc3("), kBad + "(");
  EXPECT_EQ(repair_utf8("\xe2\x82(\xe2\x82\xac"), kBad + "(\xe2\x82\xac");
  EXPECT_EQ(repair_utf8("\xf0\x9f\x98"), kBad);
  EXPECT_EQ(repair_utf8("\xc0\xaf"), kBad + kBad);
  EXPECT_EQ(repair_utf8("\xe0\x80\xaf"), kBad + kBad + kBad);
  EXPECT_EQ(repair_utf8("\xed\xa0\x80"), kBad + kBad + kBad) << "half of a surrogate pair";
  EXPECT_EQ(repair_utf8("\xf4\x90\x80\x80"), kBad + kBad + kBad + kBad) << "beyond U+10FFFF";
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));
  EXPECT_TRUE(is_utf8("\xf0\x9f\x98\x80"));
}

TEST(Utf8, StreamsWholeCharacters) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("a\xf0\x9f"), "a");
  EXPECT_EQ(stream.push("\x98"), "");
  EXPECT_EQ(stream.push("\x80"
                        "b\xe2"),
            "\xf0\x9f\x98\x80"
            "b");
  EXPECT_EQ(stream.push("x"), kBad + "x");
  EXPECT_EQ(stream.push("\xe2\x82"), "");
  EXPECT_EQ(stream.finish(), kBad);
  EXPECT_EQ(stream.finish(), "");
}

TEST(Utf8, AppendedCodePointsAreReadBack) {
  for (const int64_t code :
       {0x0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff}) {
    std::string bytes;
    append_utf8(code, bytes);
    const Utf8Character c = first_character(bytes);
    EXPECT_TRUE(c.valid);
    EXPECT_EQ(c.code, code);
    EXPECT_EQ(c.length, bytes.size());
  }
}

TEST(CharClass, KnowsLettersNumbersAndSpace) {
  for (const int64_t c : std::initializer_list<int64_t>{'a', 'Z', 0xaa, 0xe9, 0x3b1, 0x4e2d, 0xac00,
                                                        0x1d400, 0x2ebe0}) {
    EXPECT_EQ(char_class(c), CharClass::letter) << c;
  }
  for (const int64_t c :
       std::initializer_list<int64_t>{'0', '9', 0xb2, 0x660, 0x2160, 0x3007, 0x1d7ff}) {
    EXPECT_EQ(char_class(c), CharClass::number) << c;
  }
  for (const int64_t c :
       std::initializer_list<int64_t>{' ', '\t', '\n', '\r', 0x85, 0xa0, 0x2003, 0x3000}) {
    EXPECT_EQ(char_class(c), CharClass::space) << c;
  }
  for (const int64_t c :
       std::initializer_list<int64_t>{0, '!', '_', 0x300, 0x200b, 0xfffd, 0x1f600, 0x10ffff}) {
    EXPECT_EQ(char_class(c), CharClass::other) << c;
  }
  EXPECT_EQ(char_class(-1), CharClass::other);
  EXPECT_EQ(char_class(0x110000), CharClass::other);
}

}  // namespace
}  // namespace strata
