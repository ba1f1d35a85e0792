#include "strata/train/state_json.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace strata::train {
namespace {

TEST(StateJson, NumbersComeBack) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const double value : {0.1, -3.0, 5e-324, inf, -inf}) {
    const JsonValue written = parse_json("text", number_json(value).text());
    EXPECT_EQ(number_from(written), value);
  }
  EXPECT_TRUE(std::isnan(number_from(parse_json("text", number_json(std::nan("")).text()))));
  EXPECT_TRUE(std::isnan(number_from(JsonValue())));
  EXPECT_EQ(number_from(parse_json("text", "3")), 3);
  for (const char* wrong : {"\"three\"", "true", "[]", "{}"}) {
    EXPECT_THROW(number_from(parse_json("text", wrong)), JsonError) << wrong;
  }
}

}  // namespace
}  // namespace strata::train
