#include "strata/text/sampling.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<double> chances(const SamplingConfig& config, const std::vector<float>& logits,
                            const std::vector<int64_t>& previous = {}) {
  return TokenSampler(config).probabilities(logits, previous);
}

void expect_near(const std::vector<double>& got, const std::vector<double>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-7) << i;
}

const std::vector<float> kLogits = {std::log(1.0f), std::log(4.0f), std::log(2.0f), std::log(1.0f)};

TEST(TokenSampler, Probabilities) {
  expect_near(chances({}, kLogits), {0.125, 0.5, 0.25, 0.125});
  expect_near(chances({.temperature = 0.5}, kLogits), {1 / 22.0, 16 / 22.0, 4 / 22.0, 1 / 22.0});
  expect_near(chances({.temperature = 0}, kLogits), {0, 1, 0, 0});
  expect_near(chances({.top_k = 2}, kLogits), {0, 4 / 6.0, 2 / 6.0, 0});
  expect_near(chances({.top_k = 3}, kLogits), {0.125, 0.5, 0.25, 0.125});  // a tie
  expect_near(chances({.top_p = 0.7}, kLogits), {0, 4 / 6.0, 2 / 6.0, 0});
  expect_near(chances({.top_p = 1e-9}, kLogits), {0, 1, 0, 0});
  expect_near(chances({.top_k = 2, .top_p = 0.6}, kLogits), {0, 1, 0, 0});
}

TEST(TokenSampler, ATinyTemperatureTakesTheLikeliest) {
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  for (double temperature : {1e-3, 1e-200, 1e-310, 5e-324}) {
    expect_near(chances({.temperature = temperature}, kLogits), {0, 1, 0, 0});
    expect_near(chances({.temperature = temperature, .top_k = 2, .top_p = 0.9}, {-1, -3, -1}),
                {0.5, 0, 0.5});
    expect_near(chances({.temperature = temperature}, {kNever, -7, -8, kNever}), {0, 1, 0, 0});
  }
  expect_near(chances({.temperature = 1e308}, {kNever, -7, 0, kNever}), {0, 0.5, 0.5, 0});
  EXPECT_THROW(chances({.temperature = 1e-310}, {kNever, kNever}), NumericError);
  EXPECT_EQ(TokenSampler({.temperature = 1e-310}).next(kLogits), 1);
}

TEST(TokenSampler, PenalizesWhatOccurred) {
  // Positive logits are divided, negative ones multiplied, each once.
  expect_near(chances({.repetition_penalty = 2}, {2, -1, 0}, {0, 1, 1, 0}),
              chances({}, {1, -2, 0}));
}

TEST(TokenSampler, DrawsByTheProbabilities) {
  TokenSampler sampler({}, 3);
  std::vector<double> share(4, 0);
  for (int i = 0; i < 20000; ++i) share[static_cast<size_t>(sampler.next(kLogits))] += 1 / 20000.0;
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(share[i], chances({}, kLogits)[i], 0.01);
}

TEST(TokenSampler, TheSeedDecides) {
  TokenSampler a({}, 1), b({}, 1), c({}, 2);
  int other = 0;
  for (int i = 0; i < 50; ++i) {
    const int64_t id = a.next(kLogits);
    EXPECT_EQ(id, b.next(kLogits));
    other += id != c.next(kLogits);
  }
  EXPECT_GT(other, 5);
}

TEST(TokenSampler, RefusesNonsense) {
  const auto make = [](const SamplingConfig& c) { return [c] { TokenSampler sampler(c); }; };
  EXPECT_EQ(message<ValueError>(make({.temperature = kNaN})),
            "[TokenSampler] temperature must be at least 0, got nan");
  EXPECT_EQ(message<ValueError>(make({.temperature = -1})),
            "[TokenSampler] temperature must be at least 0, got -1");
  EXPECT_EQ(message<ValueError>(make({.top_k = -1})),
            "[TokenSampler] top_k must be at least 0, got -1");
  for (double p : {0.0, 1.5, kNaN}) EXPECT_THROW(TokenSampler({.top_p = p}), ValueError);
  for (double p : {0.0, -1.0, kNaN})
    EXPECT_THROW(TokenSampler({.repetition_penalty = p}), ValueError);
  EXPECT_THROW(chances({}, {1, std::nanf("")}), NumericError);
  EXPECT_THROW(chances({}, {}), NumericError);
  EXPECT_THROW(chances({.repetition_penalty = 2}, {1, 2}, {2}), IndexError);
}

}  // namespace
}  // namespace strata
