#include "strata/text/beam_search.h"

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/safetensors.h"
#include "strata/nn/layers/transformer.h"
#include "strata/ops/creation.h"
#include "strata/ops/index_put.h"
#include "strata/ops/linear.h"
#include "strata/ops/softmax.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/golden_transformer.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;
using Ids = std::vector<int64_t>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The same log probabilities for every row, `rows` of them.
Tensor same(const std::vector<double>& values, int64_t rows) {
  Shape shape = {rows, static_cast<int64_t>(values.size())};
  return expand(tensor(values), shape);
}

TEST(BeamSearch, EqualsTransformers) {
  const auto golden = [] {
    std::map<std::string, Tensor> all;
    for (auto& [name, value] :
         load_safetensors(STRATA_SOURCE_DIR "/tests/golden/text/beam_search.safetensors")) {
      all.emplace(name, value);
    }
    return all;
  }();
  const Tensor table = golden.at("table"), settings = golden.at("settings");
  const auto step = [&](const Tensor& ids, const Tensor&) {
    return log_softmax(index(table, {select(ids, 1, -2), select(ids, 1, -1)}), -1);
  };
  ASSERT_EQ(settings.size(0), 144);
  for (int64_t i = 0; i < settings.size(0); ++i) {
    const auto c = select(settings, 0, i).to_vector<double>();
    const auto beams = static_cast<int64_t>(c[0]);
    const auto got = beam_search(Ids{5, 1, 8},
                                 {.beams = beams,
                                  .max_new_tokens = static_cast<int64_t>(c[1]),
                                  .end_token = static_cast<int64_t>(c[4]),
                                  .length_penalty = c[2],
                                  .early_stopping = c[3] != 0,
                                  .results = beams},
                                 step);
    const Tensor tokens = golden.at("tokens" + std::to_string(i));
    const auto scores = golden.at("scores" + std::to_string(i)).to_vector<double>();
    ASSERT_EQ(got.size(), scores.size()) << i;
    for (size_t j = 0; j < got.size(); ++j) {
      Ids wanted = select(tokens, 0, static_cast<int64_t>(j)).to_vector<int64_t>();
      while (!wanted.empty() && wanted.back() == table.size(0)) wanted.pop_back();  // padding
      EXPECT_EQ(got[j].tokens, wanted) << i << ", " << j;
      EXPECT_NEAR(got[j].score, scores[j], 1e-5 * std::abs(scores[j])) << i << ", " << j;
    }
  }
}

TEST(BeamSearch, FollowsMoreThanTheLikeliestToken) {
  // Token 1 is likelier at first, and leads nowhere.
  const auto step = [](const Tensor& ids, const Tensor&) {
    const Ids last = select(ids, 1, -1).to_vector<int64_t>();
    std::vector<double> all;
    for (const int64_t token : last) {
      const double p = token == 2 ? 0.1 : 0.5;
      for (const double chance : {1 - p, token == 0 ? 0.6 : p / 2, token == 0 ? 0.4 : p / 2}) {
        all.push_back(std::log(chance));
      }
    }
    return tensor(all, {ids.size(0), 3});
  };
  const auto greedy = beam_search(Ids{0}, {.beams = 1, .max_new_tokens = 2}, step);
  EXPECT_EQ(greedy[0].tokens[0], 1);
  const auto two = beam_search(Ids{0}, {.beams = 3, .max_new_tokens = 2, .results = 3}, step);
  ASSERT_EQ(two.size(), 3U);
  EXPECT_EQ(two[0].tokens, (Ids{2, 0}));
  EXPECT_NEAR(two[0].score, std::log(0.4 * 0.9) / 2, 1e-12);
}

TEST(BeamSearch, AnEndTakesNoPlaceFromThoseThatGoOn) {
  const double third = 1.0 / 3;
  const auto step = [&](const Tensor& ids, const Tensor&) {
    std::vector<double> all;
    for (const int64_t token : select(ids, 1, -1).to_vector<int64_t>()) {
      const std::vector<double> chances = token == 0   ? std::vector{0.0, 0.5, 0.3, 0.2}
                                          : token == 3 ? std::vector{0.01, 0.97, 0.01, 0.01}
                                                       : std::vector{third, 0.0, third, third};
      for (const double p : chances) all.push_back(std::log(p));
    }
    return tensor(all, {ids.size(0), 4});
  };
  const auto got = beam_search(
      Ids{0}, {.beams = 2, .max_new_tokens = 2, .end_token = 1, .length_penalty = 0, .results = 2},
      step);
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].tokens, (Ids{1}));
  EXPECT_EQ(got[1].tokens, (Ids{3, 1}));
  EXPECT_NEAR(got[1].score, std::log(0.2 * 0.97), 1e-12);
}

TEST(BeamSearch, WithACacheThatFollowsTheRows) {
  const NoGrad no_grad;
  constexpr int64_t kVocabulary = 7, kWidth = 8;
  nn::TransformerDecoder decoder(
      {.layer = {.width = kWidth, .heads = 2, .feedforward = 12, .dropout = 0}, .layers = 2});
  testing::prepare(decoder);
  const Tensor memory = testing::rule_doubles("memory", {1, 5, kWidth});
  const Tensor rows = testing::rule_doubles("rows", {kVocabulary, kWidth});
  const auto scores_of = [&](const Tensor& y) {
    return log_softmax(linear(select(y, 1, -1), rows), -1);
  };
  nn::TransformerCache cache;
  const auto cached = [&](const Tensor& ids, const Tensor& parents) {
    cache.reorder(parents);
    const Tensor unread = slice(ids, 1, cache.length());
    return scores_of(
        decoder(index(rows, {unread}), cache.length() ? Tensor() : memory, {}, &cache));
  };
  const auto whole = [&](const Tensor& ids, const Tensor&) {
    return scores_of(decoder(index(rows, {ids}), expand(memory, {ids.size(0), 5, kWidth}),
                             {.tgt = {.causal = true}}));
  };
  const BeamSearchConfig config = {.beams = 4, .max_new_tokens = 12, .end_token = 2, .results = 4};
  const auto a = beam_search(Ids{0, 3}, config, cached), b = beam_search(Ids{0, 3}, config, whole);
  ASSERT_EQ(a.size(), 4U);
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].tokens, b[i].tokens);
    EXPECT_NEAR(a[i].score, b[i].score, 1e-10);
  }
}

TEST(BeamSearch, ForbiddenTokensAndFewOfThem) {
  const auto step = [](const Tensor& ids, const Tensor& parents) {
    EXPECT_EQ(ids.size(0), parents.size(0));
    return same({std::log(0.25), -kInfinity, std::log(0.75)}, ids.size(0));
  };
  const auto all = beam_search(
      Ids{1}, {.beams = 6, .max_new_tokens = 2, .end_token = 2, .length_penalty = 0, .results = 6},
      step);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].tokens, (Ids{2}));
  EXPECT_EQ(all[1].tokens, (Ids{0, 2}));
  EXPECT_EQ(all[2].tokens, (Ids{0, 0}));
  EXPECT_NEAR(all[2].score, 2 * std::log(0.25), 1e-12);
  const auto none = [](const Tensor& ids, const Tensor&) {
    return same({-kInfinity}, ids.size(0));
  };
  EXPECT_TRUE(beam_search(Ids{1}, {.max_new_tokens = 2}, none).empty());
}

TEST(BeamSearch, SaysWhatIsWrong) {
  const auto run = [](const BeamSearchConfig& config, const Ids& prompt = {1}) {
    return beam_search(prompt, config, [](const Tensor& ids, const Tensor&) {
      return zeros({ids.size(0) + 1, 3});
    });
  };
  EXPECT_EQ(message<ValueError>([&] { run({}); }),
            "[beam_search] max_new_tokens must be at least 1, got -1");
  EXPECT_EQ(message<ValueError>([&] { run({.beams = 2, .max_new_tokens = 1, .results = 3}); }),
            "[beam_search] 2 beams do not give 3 results");
  EXPECT_THROW(run({.max_new_tokens = 1, .length_penalty = NAN}), ValueError);
  EXPECT_EQ(message<ValueError>([&] { run({.max_new_tokens = 1}, {}); }),
            "[beam_search] the prompt is empty\n  hint: begin with a first token");
  EXPECT_EQ(message<ShapeError>([&] { run({.max_new_tokens = 1}); }),
            "[beam_search] log probabilities of 1 sequences are [1, vocabulary], got f32[2, 3]");
  const auto give = [](const Tensor& scores) {
    return [=] {
      beam_search(Ids{1}, {.max_new_tokens = 1},
                  [&](const Tensor&, const Tensor&) { return scores; });
    };
  };
  EXPECT_THROW(give(zeros({1, 3}, DType::i64))(), DTypeError);
  EXPECT_EQ(message<NumericError>(give(tensor<float>({0, NAN}, {1, 2}))),
            "[beam_search] the log probability of token 1 is NaN");
}

}  // namespace
}  // namespace strata
