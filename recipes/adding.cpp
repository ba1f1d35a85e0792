#include <fmt/format.h>

#include "models/sequence/adding_rnn.h"
#include "recipes/recipe.h"
#include "recipes/shared/recurrent.h"
#include "recipes/shared/system.h"
#include "strata/base/error.h"
#include "strata/data/toys.h"
#include "strata/ops/losses.h"
#include "strata/optim/adam.h"
#include "strata/train/supervised.h"

namespace strata::recipes {
namespace {

using models::RecurrentKind;

constexpr int64_t kTest = 2000;
constexpr uint64_t kTestSeed = uint64_t{1} << 40;  // apart from the seeds that people give

struct AddingSettings {
  bool gated = true;  // an Elman network has no gates
  int64_t length = 200;
  int64_t hidden = 64;
  int64_t memory = 200;
  double lr = 4e-3;
  int64_t batch = 50;
  double clip = 1;
  int64_t samples = 20000;

  void fields(FieldVisitor& v) {
    v("length", length, "pairs of a sequence");
    v("hidden", hidden, "units of the recurrent layer");
    if (gated) v("memory", memory, "most steps that gates keep a value for at the start; 0: any");
    v("lr", lr, "highest learning rate; falls to 0 by a cosine");
    v("batch", batch, "sequences a step");
    v("clip", clip, "norm that gradients are scaled down to; 0: never");
    v("samples", samples, "sequences of the training set");
  }
};

std::unique_ptr<train::Training> train_adding(nn::Module& model, const Settings& settings,
                                              const Source& source) {
  const auto& s = settings.as<AddingSettings>();
  if (!(s.clip >= 0)) throw ValueError("clip", fmt::format("must be at least 0, got {}", s.clip));
  const auto squares = [](const Tensor& y, const Tensor& target) { return mse_loss(y, target); };
  const auto sequences = [&](int64_t count, uint64_t seed) {
    return std::make_shared<TensorDataset>(adding_problem(count, s.length, seed));
  };
  return std::make_unique<train::Supervised>(
      model, std::make_unique<Adam>(model.parameters(), AdamConfig{.lr = s.lr}),
      sequences(s.samples, source.seed), sequences(kTest, kTestSeed),
      train::SupervisedConfig{
          .batch = s.batch,
          .seed = source.seed,
          .holdout = source.holdout,
          .loss = squares,
          .schedule =
              [lr = s.lr](int64_t steps) { return schedules::cosine({.lr = lr, .steps = steps}); },
          .clip_norm = s.clip,
          .metric_name = "mean_squared_error",
          .metric = squares});
}

Recipe adding_recipe(RecurrentKind kind, const char* name, const char* title, const char* summary,
                     const char* expected) {
  Recipe r = recurrent_recipe(kind, name, title, summary, expected);
  r.family = "sequences";
  r.metric = "mean_squared_error";
  r.steps = 3000;
  r.settings = [kind] { return Settings::of(AddingSettings{.gated = kind != RecurrentKind::rnn}); };
  r.inputs = [](const Settings& settings) {
    return std::vector<Input>{{"x", {1, settings.as<AddingSettings>().length, 2}}};
  };
  r.model = [kind](const Settings& settings) {
    const auto& s = settings.as<AddingSettings>();
    return std::make_unique<models::AddingRnn>(kind, s.hidden, s.memory);
  };
  r.training = train_adding;
  return r;
}

}  // namespace

std::vector<Recipe> adding() {
  return {adding_recipe(
              RecurrentKind::rnn, "adding-rnn", "Elman network, adding problem",
              "Is to add two marked numbers of 200, and forgets the first: it learns to say 1.",
              "mean squared error 0.17, that of saying 1"),
          adding_recipe(RecurrentKind::lstm, "adding-lstm", "LSTM, adding problem",
                        "Adds two marked numbers of 200, which may lie 200 steps apart.",
                        "mean squared error 0.0003"),
          adding_recipe(RecurrentKind::gru, "adding-gru", "GRU, adding problem",
                        "The same by two gates and no cell.", "below 0.01")};
}

}  // namespace strata::recipes
