#include "strata/io/base64.h"

#include <gtest/gtest.h>

#include "strata/base/error.h"

namespace strata {
namespace {

TEST(Base64, GivesTheValuesOfTheStandardAndBack) {  // RFC 4648, section 10
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(decode_base64(encode_base64(all)), all);
  EXPECT_NE(encode_base64(all).find("+/"), std::string::npos);
}

TEST(Base64, RefusesWhatItDoesNotGive) {
  for (const char* text : {"Zg", "Zg=", "Z===", "Zm9v!A==", "Z=g=", "Zm 9"}) {
    EXPECT_THROW(decode_base64(text), FormatError) << text;
  }
}

}  // namespace
}  // namespace strata
