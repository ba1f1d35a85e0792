#include "strata/base/random.h"

#include <array>
#include <cmath>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "strata/base/error.h"

namespace strata {
namespace {

using Words = std::array<uint32_t, 4>;

TEST(Random, PhiloxGivesTheKnownAnswersOfRandom123) {
  EXPECT_EQ(philox(0, 0, 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox(~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, StateIsTwoIntegers) {
  Generator a(5);
  for (int i = 0; i < 10; ++i) a.normal();
  Generator b(a.seed);
  b.stream = a.stream;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(a.next_u64(), b.next_u64());
  EXPECT_NE(Generator(1).next_u64(), Generator(2).next_u64());
}

TEST(Random, BelowIsEvenAndInRange) {
  Generator g(3);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) {
    const uint64_t v = g.below(7);
    ASSERT_LT(v, 7U);
    ++counts[v];
  }
  for (const int c : counts) EXPECT_NEAR(c, 10000, 400);
  EXPECT_EQ(g.below(1), 0U);
  EXPECT_GE(g.below(UINT64_MAX), 0U);
  EXPECT_THROW(g.below(0), ValueError);
}

TEST(Random, ScalarDrawsHaveTheirMoments) {
  Generator g(8);
  double sum = 0, squares = 0, uniform = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double v = g.normal(), u = g.uniform();
    ASSERT_TRUE(u >= 0 && u < 1);
    sum += v;
    squares += v * v;
    uniform += u;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.015);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
  EXPECT_NEAR(uniform / kDraws, 0.5, 0.005);
}

TEST(Random, EachThreadHasItsDefaultGenerator) {
  manual_seed(42);
  const uint64_t here = default_generator().next_u64();
  manual_seed(42);
  EXPECT_EQ(default_generator().next_u64(), here);
  uint64_t fresh = 0, again = 0;
  std::thread([&] { fresh = default_generator().next_u64(); }).join();
  std::thread([&] { again = Generator(0).next_u64(); }).join();
  EXPECT_EQ(fresh, again);
  EXPECT_NE(fresh, here);
  manual_seed(0);
}

}  // namespace
}  // namespace strata
