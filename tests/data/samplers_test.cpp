#include "strata/data/samplers.h"

#include <cmath>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/data/loader.h"
#include "strata/ops/creation.h"

namespace strata {
namespace {

/// How often each sample comes in `epochs` epochs.
std::map<int64_t, double> counts(const Sampler& sampler, int epochs) {
  std::map<int64_t, double> out;
  Generator random(5);
  for (int e = 0; e < epochs; ++e) {
    const auto order = sampler.order(random);
    EXPECT_EQ(static_cast<int64_t>(order.size()), sampler.count);
    for (const int64_t i : order) ++out[i];
  }
  return out;
}

TEST(Samplers, WeightedDrawsInProportion) {
  const auto seen = counts(samplers::weighted({1, 0, 3, 0, 4, 0}, 10000), 4);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_NEAR(seen.at(0), 5000, 300);  // the deviation is 66
  EXPECT_NEAR(seen.at(2), 15000, 450);
  EXPECT_NEAR(seen.at(4), 20000, 500);
}

TEST(Samplers, WeightedTakesTheLargestAndTheLeastNumbers) {
  for (const double w : {1e308, 1e-310}) {
    for (const bool replacement : {true, false}) {
      std::map<int64_t, double> firsts;
      Generator random(3);
      const Sampler sampler = samplers::weighted({w, w, 0, w}, 1, replacement);
      for (int i = 0; i < 3000; ++i) ++firsts[sampler.order(random)[0]];
      for (const int64_t i : {0, 1, 3}) EXPECT_NEAR(firsts[i], 1000, 130) << w << " " << i;
    }
  }
  // Beside a weight this large the other is next to nothing, but not 0.
  const auto both = counts(samplers::weighted({1e308, 1e-320}, 2, false), 3);
  EXPECT_EQ(both, (std::map<int64_t, double>{{0, 3}, {1, 3}}));
}

TEST(Samplers, WithoutReplacementEachComesOnce) {
  const Sampler all = samplers::weighted({1, 2, 3, 4, 5}, 0, false);
  Generator random(2);
  std::map<int64_t, int> firsts;
  for (int i = 0; i < 30000; ++i) {
    const auto order = all.order(random);
    ASSERT_EQ(std::set<int64_t>(order.begin(), order.end()).size(), 5u);
    ++firsts[order[0]];
  }
  // The first of each order is in proportion to its weight.
  for (int64_t i = 0; i < 5; ++i) EXPECT_NEAR(firsts[i], 2000.0 * static_cast<double>(i + 1), 400);
  const auto some = counts(samplers::weighted({1, 0, 1}, 2, false), 10);
  EXPECT_EQ(some, (std::map<int64_t, double>{{0, 10}, {2, 10}}));
}

TEST(Samplers, BalancedEvensClassesOut) {
  std::vector<int64_t> labels(1000, 0);
  for (size_t i = 0; i < 10; ++i) labels[i * 100] = 1;
  double rare = 0;
  for (const auto& [i, n] : counts(samplers::balanced(labels), 20)) rare += i % 100 == 0 ? n : 0;
  EXPECT_NEAR(rare, 10000, 300);
}

TEST(Samplers, ShardsCoverAllSamples) {
  for (const int64_t samples : {1, 3, 10, 12}) {
    std::set<int64_t> seen;
    for (int64_t rank = 0; rank < 4; ++rank) {
      Generator random(7);  // the same in each process
      const Sampler part = samplers::shard(samples, rank, 4);
      EXPECT_EQ(part.count, (samples + 3) / 4);
      for (const int64_t i : part.order(random)) seen.insert(i);
    }
    EXPECT_EQ(static_cast<int64_t>(seen.size()), samples);
  }
  Generator random(1);
  EXPECT_EQ(samplers::shard(10, 1, 4, false).order(random), std::vector<int64_t>({1, 5, 9}));
  EXPECT_EQ(samplers::shard(10, 3, 4, false).order(random), std::vector<int64_t>({3, 7, 1}));
}

TEST(Samplers, ALoaderWithOneResumes) {
  std::vector<double> weights;
  for (int i = 0; i < 50; ++i) weights.push_back(i);
  const auto make = [&] {
    return DataLoader(TensorDataset(arange(0, 50)),
                      {.batch = 8, .seed = 4, .sampler = samplers::weighted(weights, 30)});
  };
  const auto rest = [](DataLoader& loader, int batches) {
    std::vector<float> out;
    while (batches > 0) {
      const Batch* batch = loader.next();
      if (!batch) continue;
      --batches;
      const auto x = batch->x.to_vector<float>();
      out.insert(out.end(), x.begin(), x.end());
    }
    return out;
  };
  DataLoader unbroken = make();
  EXPECT_EQ(unbroken.size(), 4);
  rest(unbroken, 6);  // into the second epoch
  const LoaderState state = unbroken.state();
  EXPECT_EQ(state.epoch, 1);
  DataLoader other = make();
  other.set_state(state);
  EXPECT_EQ(rest(other, 7), rest(unbroken, 7));
}

TEST(Samplers, SubsetsHoldWhatWasAsked) {
  Generator random(1);
  EXPECT_EQ(samplers::subset({4, 2, 9}).order(random), std::vector<int64_t>({4, 2, 9}));
  const auto data = std::make_shared<TensorDataset>(arange(0, 40));
  const Subset some(data, {7, 30});
  const std::vector<int64_t> both = {1, 0}, beyond = {2};
  EXPECT_EQ(some.get(both).x.to_vector<float>(), std::vector<float>({30, 7}));
  EXPECT_THROW(some.get(beyond), IndexError);
  EXPECT_THROW(Subset(data, {40}), IndexError);
  const HeldOut cut = hold_out(data, 0.25, 3);
  EXPECT_EQ(cut.held->size(), 10);
  std::set<float> seen;
  for (const auto& part : {cut.rest, cut.held}) {
    std::vector<int64_t> all;
    for (int64_t i = 0; i < part->size(); ++i) all.push_back(i);
    for (const float x : part->get(all).x.to_vector<float>()) seen.insert(x);
  }
  EXPECT_EQ(seen.size(), 40u);
  const HeldOut whole = hold_out(data, 0, 3);
  EXPECT_EQ(whole.rest, data);
  EXPECT_EQ(whole.held, nullptr);
}

TEST(Samplers, ClassWeightsMakeUpForSizes) {
  const auto w = class_weights({0, 0, 0, 2}, 3).to_vector<float>();
  EXPECT_FLOAT_EQ(w[0], 4.0f / 9);
  EXPECT_EQ(w[1], 0);
  EXPECT_FLOAT_EQ(w[2], 4.0f / 3);
  EXPECT_THROW(class_weights({3}, 3), ValueError);
}

TEST(Samplers, RefuseWhatMakesNoSense) {
  EXPECT_THROW(samplers::weighted({}), ValueError);
  EXPECT_THROW(samplers::weighted({0, 0}), ValueError);
  EXPECT_THROW(samplers::weighted({1, -1}), ValueError);
  EXPECT_THROW(samplers::weighted({1, std::nan("")}), ValueError);
  EXPECT_THROW(samplers::weighted({1, 0, 1}, 3, false), ValueError);
  EXPECT_THROW(samplers::weighted({1}, -1), ValueError);
  EXPECT_THROW(samplers::balanced({}), ValueError);
  EXPECT_THROW(samplers::subset({-1}), ValueError);
  EXPECT_THROW(samplers::shard(10, 4, 4), ValueError);
  EXPECT_THROW(hold_out(std::make_shared<TensorDataset>(arange(0, 1)), 0.5, 0), ValueError);
  for (const double share : {-0.1, 1.0, std::nan("")}) {
    EXPECT_THROW(hold_out(std::make_shared<TensorDataset>(arange(0, 9)), share, 0), ValueError);
  }
  EXPECT_THROW(
      DataLoader(TensorDataset(arange(0, 9)), {.shuffle = true, .sampler = samplers::subset({1})}),
      ValueError);
  DataLoader beyond(TensorDataset(arange(0, 9)), {.sampler = samplers::subset({9})});
  EXPECT_THROW(beyond.next(), IndexError);
}

}  // namespace
}  // namespace strata
