// Every system that trains takes every option of `strata train`: none is silently ignored.
#include <cmath>
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

/// A training as the program makes it, of small batches and from the same weights whatever its
/// source.
struct Started {
  Started(const Recipe& recipe, const Source& source) : settings(recipe.settings()) {
    settings.fields().assign("batch=" + std::to_string(kBatch));
    for (const auto& field : settings.fields().list()) {
      if (field.name == "samples") settings.fields().set("samples", "400");
    }
    if (recipe.prepare) recipe.prepare(settings, source);
    manual_seed(5);
    model = recipe.model(settings);
    for (Tensor p : model->parameters()) {  // some networks start with a head of zeros
      const NoGrad no_grad;
      copy_(p, p + 0.02 * randn(p.shape()));
    }
    training = recipe.training(*model, settings, source);
  }
  double first_loss() {
    const NoGrad no_grad;
    manual_seed(6);  // dropout
    training->seek(0, 0);
    training->next_batch();
    return training->loss().item<double>();
  }

  recipes::Settings settings;
  std::unique_ptr<nn::Module> model;
  std::unique_ptr<train::Training> training;
};

class TrainFlags : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    constexpr int64_t kLarge = 20'000'000;
    const DeviceScope meta(kMeta);
    if (recipe_.model(recipe_.settings())->parameter_count() > kLarge) {
      GTEST_SKIP() << "a large size of a family, whose training is that of the small one";
    }
  }

  const Recipe& recipe_ = recipes::find_recipe(GetParam());
};

TEST_P(TrainFlags, EachTakesEffect) {
  Started one(recipe_, {.seed = 1});
  const double loss = one.first_loss();
  EXPECT_EQ(one.training->batch_samples(), kBatch);  // what --accumulate weighs by
  EXPECT_EQ(one.first_loss(), loss);
  EXPECT_NE(Started(recipe_, {.seed = 2}).first_loss(), loss) << "the same batches for each seed";
  {
    const nn::PrecisionScope bf16(DType::bf16);
    const double rounded = one.first_loss();
    EXPECT_NE(rounded, loss);
    EXPECT_NEAR(rounded, loss, 0.2 * loss);
  }
  EXPECT_FALSE(one.training->holds_out());
  EXPECT_EQ(one.training->validate(), std::nullopt);

  Started part(recipe_, {.seed = 1, .holdout = 0.05});
  EXPECT_TRUE(part.training->holds_out());
  const auto all = static_cast<double>(one.training->batches_per_epoch());
  EXPECT_NEAR(static_cast<double>(part.training->batches_per_epoch()), 0.95 * all, 1);
  const NoGrad no_grad;
  part.model->eval();
  const double held_out = part.training->validate().value();
  EXPECT_GT(held_out, 0);
  EXPECT_TRUE(std::isfinite(held_out));
  EXPECT_EQ(part.training->validate(), held_out) << "another loss each time";
}

TEST_P(TrainFlags, DataIsReadOrRefused) {
  if (recipe_.data.empty()) GTEST_SKIP() << "takes no --data, which the program refuses";
  EXPECT_THROW(Started(recipe_, {.data = "/nowhere/at/all"}), Error);
}

std::vector<std::string> trained() {
  std::vector<std::string> out;
  for (const Recipe& recipe : recipes::all_recipes()) {
    if (recipe.training) out.push_back(recipe.name);
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(Of, TrainFlags, ::testing::ValuesIn(trained()), [](const auto& info) {
  std::string name = info.param;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace strata
