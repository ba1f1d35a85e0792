#include "strata/io/json.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/message.h"
#include "tests/support/refusing_memory.h"

namespace strata {
namespace {

using testing::FailingNew;
using testing::message;

TEST(JsonValue, ReadsEachKindOfValue) {
  const JsonValue v = parse_json("x", R"({"a": [1, -2.5, true, null, "é\n"], "b": {"c": "d"},
                                          "large": 18446744073709551615, "a": [7]})");
  ASSERT_TRUE(v.is_object());
  EXPECT_EQ(v.members().size(), 3u);
  EXPECT_EQ(v.at("a").elements().size(), 1u) << "of a name that stands twice, the last";
  EXPECT_EQ(v.at("b").get<std::string>("c"), "d");
  EXPECT_EQ(v.get<uint64_t>("large"), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(v.find("none"), nullptr);
  EXPECT_EQ(v.at("a").find("none"), nullptr);
  EXPECT_TRUE(v.at("b").elements().empty());

  const JsonValue list = parse_json("x", R"([1, -2.5, true, null, "é\n", 3.0])");
  const auto& e = list.elements();
  EXPECT_EQ(e[0].as<int64_t>(), 1);
  EXPECT_EQ(e[0].as<double>(), 1);
  EXPECT_EQ(e[1].as<double>(), -2.5);
  EXPECT_EQ(e[1].as<int64_t>(), -2);
  EXPECT_TRUE(e[2].is_true());
  EXPECT_FALSE(e[0].is_true());
  EXPECT_TRUE(e[3].is_null());
  EXPECT_EQ(e[4].as<std::string>(), "\xc3\xa9\n");
  EXPECT_TRUE(e[5].is_number());
  EXPECT_FALSE(e[5].is_integer());
  EXPECT_EQ(list.text(), "[1,-2.5,true,null,\"\xc3\xa9\\n\",3.0]");
}

TEST(JsonValue, RefusesOtherTypesAndNumbersThatDoNotFit) {
  const auto fault = [](const std::string& text, auto as) {
    const JsonValue v = parse_json("x", text);
    return message<JsonError>([&] { as(v); });
  };
  const auto whole = [](const JsonValue& v) { v.as<int64_t>(); };
  const auto natural = [](const JsonValue& v) { v.as<uint64_t>(); };
  for (const char* text : {"\"1\"", "true", "null", "[1]", "1e30", "18446744073709551615"}) {
    EXPECT_NE(fault(text, whole).find("wrong type"), std::string::npos) << text;
  }
  EXPECT_NE(fault("-1", natural), "");
  EXPECT_NE(fault("-1.5", natural), "");
  EXPECT_NE(fault("1", [](const JsonValue& v) { v.as<bool>(); }), "");
  EXPECT_NE(fault("1", [](const JsonValue& v) { v.as<std::string>(); }), "");
  EXPECT_NE(fault("{}", [](const JsonValue& v) { v.at("key"); }).find("no \"key\""),
            std::string::npos);
}

TEST(JsonValue, ErrorsNameTheFileAndShowLittleOfWhatIsInIt) {
  const JsonValue v = parse_json("x", R"({"n": 1e30, "large": 18446744073709551615, "list": [1, 2],
                                          "none": null, "truth": true})");
  const auto whole = [&](const std::string& name) {
    return message<FormatError>([&] { value_or<int64_t>("a.json", v, name, 7); });
  };
  EXPECT_EQ(whole("n"), "[a.json] \"n\" cannot be 1e+30");
  EXPECT_EQ(whole("large"), "[a.json] \"large\" cannot be 18446744073709551615");
  EXPECT_EQ(whole("list"), "[a.json] \"list\" cannot be a list");
  EXPECT_EQ(value_or<int64_t>("a.json", v, "none", 7), 7);
  EXPECT_EQ(value_or<int64_t>("a.json", v, "absent", 7), 7);
  EXPECT_TRUE(value_or("a.json", v, "truth", false));
  EXPECT_EQ(message<FormatError>([&] { read_value<bool>("a.json", "all", v); }),
            "[a.json] \"all\" cannot be an object");

  std::string umlauts;  // the 80th byte stands within one
  for (int i = 0; i < 100; ++i) umlauts += "\xc3\xa4";
  const std::string odd = "a" + umlauts;
  EXPECT_EQ(JsonValue(odd).brief(), "\"" + odd.substr(0, 79) + "\"...");
  EXPECT_EQ(JsonValue(odd.substr(0, 79)).brief(), "\"" + odd.substr(0, 79) + "\"");
  EXPECT_EQ(JsonValue(JsonValue::Array(3, v)).brief(), "a list");
  for (const std::string& token : {"[\"" + umlauts, "[\"a" + umlauts, std::string("[\"\xff\"]")}) {
    const std::string fault = message<FormatError>([&] { parse_json("a.json", token); });
    EXPECT_LT(fault.size(), 300u);
    EXPECT_NE(fault.find("last read"), std::string::npos) << fault;
    for (const char c : fault) EXPECT_LT(static_cast<unsigned char>(c), 0x80) << fault;
  }
}

TEST(JsonValue, SaysWhereAndWhatInWordsOfItsOwn) {
  const auto fault = [](const std::string& text) {
    return message<FormatError>([&] { parse_json("a.json", text); });
  };
  const std::string placed = fault("{\n  \"a\": 1,,\n}"), large = fault("[1e999]");
  EXPECT_EQ(placed.find("[a.json] is no valid JSON at byte 12, line 2, column 10: syntax error"),
            0u)
      << placed;
  EXPECT_EQ(large.find("[a.json] is no valid JSON at byte 6: number overflow"), 0u) << large;
  for (const std::string& text : {placed, large}) {
    EXPECT_EQ(text.find("json.exception"), std::string::npos) << text;
  }
}

TEST(JsonValue, RefusesDamagedAndDeepTexts) {
  const auto fault = [](const std::string& text) {
    return message<FormatError>([&] { parse_json("file.json", text); });
  };
  const std::string sound = R"({"a": [1, {"b": null}], "c": "d"})";
  for (size_t n = 0; n < sound.size(); ++n) {
    EXPECT_NE(fault(sound.substr(0, n)).find("[file.json] is no valid JSON at byte"),
              std::string::npos)
        << n;
  }
  EXPECT_NE(fault(sound + "x"), "");
  EXPECT_NE(fault(std::string(100'000, '[')).find("nested too deep"), std::string::npos);
  EXPECT_NO_THROW(parse_json("x", std::string(64, '[') + std::string(64, ']')));
  EXPECT_NE(fault(std::string(65, '[') + std::string(65, ']')), "");
}

TEST(JsonValue, ListsNamesThatStandTwice) {
  std::vector<std::string> names;
  parse_json("x", R"({"a": 1, "b": {"a": 1, "c": 2, "c": 3}, "a": 4})", 64, &names);
  EXPECT_EQ(names, (std::vector<std::string>{"c", "a"}));
}

TEST(JsonValue, TextIsReadAgain) {
  JsonValue::Object object;
  object["nan"] = JsonValue(std::nan(""));
  object["third"] = JsonValue(1.0 / 3);
  object["quote\""] = JsonValue(std::string("\x01 \\"));
  object["list"] = JsonValue(JsonValue::Array(2, JsonValue(int64_t{5})));
  const std::string text = JsonValue(object).text();
  EXPECT_EQ(text,
            "{\"list\":[5,5],\"nan\":null,\"quote\\\"\":\"\\u0001 \\\\\","
            "\"third\":0.3333333333333333}");
  EXPECT_EQ(parse_json("x", text).text(), text);
}

// What the JSON library's own values cannot: their destructor takes memory.
TEST(JsonValue, EachNewOfReadingMayFail) {
  const std::string text =
      R"({"a long enough name for the heap": [1, {"x": "a long enough text for the heap"}]})";
  const int64_t blocks = FailingNew::blocks();
  int64_t k = 1;
  for (bool failed = true; failed; ++k) {
    const FailingNew failing(k);
    try {
      const JsonValue value = parse_json("x", text);
      EXPECT_FALSE(failing.failed());
    } catch (const std::bad_alloc&) {
    }
    failed = failing.failed();
    ASSERT_EQ(FailingNew::blocks(), blocks) << "call " << k;
  }
  EXPECT_GT(k, 10);
}

}  // namespace
}  // namespace strata
