#include <atomic>
#include <numeric>

#include <gtest/gtest.h>

#include "recipes/recipe.h"
#include "recipes/shared/digit_judge.h"
#include "recipes/shared/digits.h"
#include "recipes/shared/system.h"
#include "strata/base/error.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/tape/grad_mode.h"
#include "strata/train/checkpoint.h"
#include "strata/train/fit.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata::recipes {
namespace {

std::vector<float> weights_of(nn::Module& model) {
  std::vector<float> all;
  for (const auto& [name, value] : nn::state_dict(model)) {
    const auto part = value.to_vector<float>();
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

/// A training that is short in every respect.
struct ShortRun {
  ShortRun() : settings(find_recipe("ddpm").settings()) {
    // Not so many steps of noise as judged_steps asks for.
    for (const char* text : {"batch=4", "judged=12", "noise_steps=5"}) {
      settings.fields().assign(text);
    }
    manual_seed(1);
    model = find_recipe("ddpm").model(settings);
    training = find_recipe("ddpm").training(*model, settings, {.data = "", .seed = 3});
  }
  std::vector<float> weights() { return weights_of(*model); }
  Settings settings;
  std::unique_ptr<nn::Module> model;
  std::unique_ptr<train::Training> training;
};

/// With a part of the images held out.
std::unique_ptr<train::Training> part_of(ShortRun& run, uint64_t seed = 3) {
  return find_recipe("ddpm").training(*run.model, run.settings, {.seed = seed, .holdout = 0.01});
}

TEST(Ddpm, ValidatesOnImagesThatAreHeldOut) {
  ShortRun run;
  const auto training = part_of(run);
  const auto value = [&] {
    const NoGrad no_grad;
    return training->validate().value();
  };
  const double before = value();
  EXPECT_GT(before, 0.5);  // the mean square of noise is 1
  EXPECT_LT(before, 2);
  EXPECT_EQ(value(), before) << "other noise each time";
  for (Tensor p : run.model->parameters()) {
    const NoGrad no_grad;
    fill_(p, 0);
  }
  EXPECT_NEAR(value(), 1, 0.02);  // of 120 images of 784 pixels
  EXPECT_NE(part_of(run, 4)->validate(), value()) << "the same for each seed";
}

class StopAt final : public train::FitObserver {
 public:
  void stepped(const train::Progress& p) override { cancel = p.step == 2; }
  std::atomic<bool> cancel{false};
};

TEST(Ddpm, ResumesExactlyAndKeepsTheAverages) {
  const testing::TempFolder whole, broken;
  ShortRun unbroken;
  const train::FitResult a = train::fit(*unbroken.training, {.steps = 4, .run_dir = whole.path()});
  EXPECT_EQ(a.metric.name, "relative FID");
  EXPECT_GT(a.metric.value, 0);
  {
    ShortRun first;
    StopAt stop;
    train::fit(*first.training, {.steps = 4, .run_dir = broken.path(), .cancel = &stop.cancel},
               &stop);
    AveragedScope averaged(first.training->averages());
    const System opened = open_system("ddpm", broken.path());
    EXPECT_EQ(weights_of(*opened.model), first.weights()) << "a run that is not finished";
  }
  manual_seed(77);
  ShortRun second;
  const train::FitResult b =
      train::fit(*second.training, {.steps = 4, .run_dir = broken.path(), .resume = true});
  EXPECT_EQ(second.weights(), unbroken.weights());
  EXPECT_EQ(a.metric.value, b.metric.value);
  train::load_weights(whole.path(), *unbroken.model);
  train::load_weights(broken.path(), *second.model);
  EXPECT_EQ(second.weights(), unbroken.weights());
}

TEST(Ddpm, DrawsAndRunsNamedArrays) {
  const Recipe& recipe = find_recipe("ddpm");
  System system = sketch_system("ddpm");
  SampleRequest request{.count = 3, .steps = 2, .sampler = "ddpm", .seed = 5};
  const Tensor pictures = recipe.sample(system, request);
  EXPECT_EQ(pictures.shape(), (Shape{3, 28, 28, 1}));
  for (float v : pictures.to_vector<float>()) EXPECT_TRUE(v >= 0 && v <= 1);
  const TensorMap out =
      run_arrays(system, {{"x", zeros({2, 28, 28, 1})}, {"t", zeros({2}, DType::i64)}});
  EXPECT_EQ(describe(out.at("noise")), "f32[2, 28, 28, 1]");
  EXPECT_EQ(testing::message<ValueError>([&] {
              run_arrays(system, {{"x", zeros({1})}});
            }),
            "[ddpm] takes inputs named x and t, t is missing");
  system.settings.fields().assign("schedule=square");
  EXPECT_EQ(testing::message<ValueError>([&] { recipe.sample(system, request); }),
            "[schedule] square is neither linear nor cosine");
}

TEST(Ddpm, TakesNoMoreStepsThanTheScheduleHas) {
  const auto steps_of = [](const char* noise_steps) {
    System system = sketch_system("ddpm");
    system.settings.fields().assign(noise_steps);
    int64_t seen = 0;
    const auto stop = [&](int64_t, int64_t steps) {
      seen = steps;
      return false;
    };
    system.recipe->sample(system, {.count = 1, .progress = stop});
    return seen;
  };
  EXPECT_EQ(steps_of("noise_steps=1000"), 50);
  EXPECT_EQ(steps_of("noise_steps=3"), 3);
}

TEST(Ddpm, SaysAtOnceWhatCannotBeJudged) {
  for (const auto& [text, fault] :
       {std::pair{"judged=0", "[judged] must be at least 2, got 0"},
        {"judged=1", "[judged] must be at least 2, got 1"},
        {"judged_steps=0", "[judged_steps] must be at least 1, got 0"}}) {
    Settings settings = find_recipe("ddpm").settings();
    settings.fields().assign(text);
    const auto model = find_recipe("ddpm").model(settings);
    EXPECT_EQ(
        testing::message<ValueError>([&] { find_recipe("ddpm").training(*model, settings, {}); }),
        fault);
  }
}

TEST(DigitJudge, TellsDigitsFromNoise) {
  const Generator before = default_generator();
  DigitJudge judge(Source{});
  EXPECT_EQ(default_generator().stream, before.stream);
  std::vector<int64_t> some(1000);
  std::iota(some.begin(), some.end(), 5000);
  const DigitVerdict real = judge(digits(Source{}, Split::train)->get(some).x);
  EXPECT_LT(real.relative, 0.05);
  double all = 0;
  for (double share : real.shares) {
    EXPECT_GT(share, 0.05);
    all += share;
  }
  EXPECT_NEAR(all, 1, 1e-12);
  Generator generator(9);
  const DigitVerdict noise = judge(rand({500, 28, 28, 1}, 0, 1, DType::f32, kCpu, generator));
  EXPECT_GT(noise.relative, 0.3);
}

}  // namespace
}  // namespace strata::recipes
