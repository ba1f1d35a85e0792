#include "tests/support/difference.h"

#include <cmath>
#include <vector>

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "strata/ops/creation.h"

namespace strata::testing {
namespace {

using Values = std::vector<double>;

TEST(Difference, IsTheLargestAndRelativeToTheLargestWanted) {
  EXPECT_EQ(largest_difference(Values{1, -2, 8}, {1, 2, 7}), 4);
  EXPECT_EQ(largest_difference(Values{}, {}), 0);
  EXPECT_EQ(relative_difference(Values{1, -2, 8}, {1, 2, -8}), 2);
  EXPECT_EQ(relative_difference(Values{0.5, 0}, {0.25, 0}, /*least_scale=*/1), 0.25);
  EXPECT_EQ(relative_difference(Values{0.5, 0}, {0.25, 0}), 1);
  EXPECT_EQ(relative_difference(Values{0, 0}, {0, 0}), 0);
  EXPECT_EQ(relative_difference(Values{1e-300}, {0}), INFINITY);
  EXPECT_EQ(largest_value(tensor<float>({2, -3, 1})), 3);
  EXPECT_EQ(largest_value(zeros({0, 2})), 0);
}

TEST(Difference, IsInfiniteWhereverANanOrALoneInfinityStands) {
  for (size_t at = 0; at < 3; ++at) {
    for (const double odd : Values{std::nan(""), INFINITY, -INFINITY}) {
      const Values sound = {1, 2, 3};
      Values bad = sound;
      bad[at] = odd;
      EXPECT_EQ(largest_difference(bad, sound), INFINITY);
      EXPECT_EQ(largest_difference(sound, bad), INFINITY);
      EXPECT_EQ(relative_difference(bad, sound), INFINITY);
      EXPECT_EQ(relative_difference(sound, bad), INFINITY);
      EXPECT_EQ(largest_value(tensor(bad, {3})), INFINITY);
      EXPECT_EQ(largest_difference(bad, bad), std::isnan(odd) ? INFINITY : 0);
    }
  }
  EXPECT_EQ(largest_difference(Values{INFINITY}, {-INFINITY}), INFINITY);
  EXPECT_EQ(relative_difference(Values{INFINITY, 9}, {INFINITY, 8}), 0.125);
}

TEST(Difference, FailsForOtherShapes) {
  EXPECT_NONFATAL_FAILURE(EXPECT_EQ(largest_difference(zeros({2, 3}), zeros({3, 2})), INFINITY),
                          "[2, 3]");
  EXPECT_NONFATAL_FAILURE(EXPECT_EQ(relative_difference(zeros({1}), zeros({})), INFINITY), "[1]");
  EXPECT_NONFATAL_FAILURE(EXPECT_EQ(largest_difference(Values{1}, {1, 1}), INFINITY), "size");
}

}  // namespace
}  // namespace strata::testing
