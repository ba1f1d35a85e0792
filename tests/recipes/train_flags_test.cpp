// Every system that trains takes every option of `strata train`: none is silently ignored.
#include <string>

#include <gtest/gtest.h>

#include "recipes/recipe.h"
#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/nn/precision.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/default_device.h"

namespace strata {
namespace {

using recipes::Recipe;
using recipes::Source;

constexpr int64_t kBatch = 2;

/// A training as the program makes it, of small batches.
struct Started {
  Started(const Recipe& recipe, const Source& source) : settings(recipe.settings()) {
    settings.fields().assign("batch=" + std::to_string(kBatch));
    if (recipe.prepare) recipe.prepare(settings, source);
    manual_seed(source.seed);
    model = recipe.model(settings);
    training = recipe.training(*model, settings, source);
  }
  /// Of the weights and the same small changes to all: some networks start with a head of zeros.
  double first_loss() {
    const NoGrad no_grad;
    manual_seed(5);
    for (Tensor p : model->parameters()) copy_(p, p + 0.02 * randn(p.shape()));
    training->seek(0, 0);
    training->next_batch();
    return training->loss().item<double>();
  }

  recipes::Settings settings;
  std::unique_ptr<nn::Module> model;
  std::unique_ptr<train::Training> training;
};

class TrainFlags : public ::testing::TestWithParam<const Recipe*> {};

TEST_P(TrainFlags, SeedAndDtypeChangeTheFirstLoss) {
  Started one(*GetParam(), {.seed = 1});
  const double loss = one.first_loss();
  EXPECT_NE(Started(*GetParam(), {.seed = 2}).first_loss(), loss);
  Started same(*GetParam(), {.seed = 1});
  const nn::PrecisionScope bf16(DType::bf16);
  const double rounded = same.first_loss();
  EXPECT_NE(rounded, loss);
  EXPECT_NEAR(rounded, loss, 0.2 * loss);
}

TEST_P(TrainFlags, AccumulateWeighsBatchesByTheirSamples) {
  Started one(*GetParam(), {});
  one.first_loss();
  EXPECT_EQ(one.training->batch_samples(), kBatch);
}

TEST_P(TrainFlags, HoldoutTakesSamplesFromTheTraining) {
  Started whole(*GetParam(), {}), part(*GetParam(), {.holdout = 0.25});
  EXPECT_FALSE(whole.training->holds_out());
  EXPECT_EQ(whole.training->validate(), std::nullopt);
  EXPECT_TRUE(part.training->holds_out());
  const auto all = static_cast<double>(whole.training->batches_per_epoch());
  EXPECT_NEAR(static_cast<double>(part.training->batches_per_epoch()), 0.75 * all, 1);
}

TEST_P(TrainFlags, DataIsReadOrRefused) {
  if (GetParam()->data.empty()) GTEST_SKIP() << "takes no --data, which the program refuses";
  EXPECT_THROW(Started(*GetParam(), {.data = "/nowhere/at/all"}), Error);
}

/// All but the large sizes of a family, whose training is that of the small one.
std::vector<const Recipe*> trained() {
  constexpr int64_t kLarge = 20'000'000;
  const DeviceScope meta(kMeta);
  std::vector<const Recipe*> out;
  for (const Recipe& recipe : recipes::all_recipes()) {
    if (!recipe.training) continue;
    if (recipe.model(recipe.settings())->parameter_count() < kLarge) out.push_back(&recipe);
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(Of, TrainFlags, ::testing::ValuesIn(trained()), [](const auto& info) {
  std::string name = info.param->name;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace strata
