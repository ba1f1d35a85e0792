#include "models/vision/row_rnn.h"

#include "recipes/recipe.h"
#include "recipes/shared/classifier.h"
#include "recipes/shared/digits.h"
#include "recipes/shared/system.h"
#include "strata/optim/adam.h"
#include "strata/train/supervised.h"

namespace strata::recipes {
namespace {

using models::RecurrentKind;

struct RowRnnSettings {
  double lr = 4e-3;
  int64_t batch = 64;

  void fields(FieldVisitor& v) {
    v("lr", lr, "highest learning rate of the one-cycle schedule");
    v("batch", batch, "images a step");
  }
};

std::unique_ptr<train::Training> train_rows(nn::Module& model, const Settings& settings,
                                            const Source& source) {
  const auto& s = settings.as<RowRnnSettings>();
  return std::make_unique<train::Supervised>(
      model, std::make_unique<Adam>(model.parameters(), AdamConfig{.lr = s.lr}),
      digits(source, Split::train), digits(source, Split::test),
      classifier_config(source, s.batch, s.lr));
}

struct Facts {
  RecurrentKind kind;
  const char *name, *title;
  int year;
  const char *paper, *summary, *expected;
};

Recipe recipe_of(const Facts& f) {
  return {
      .name = f.name,
      .title = f.title,
      .family = "vision",
      .year = f.year,
      .paper = f.paper,
      .summary = f.summary,
      .metric = "accuracy",
      .expected = f.expected,
      .data = "MNIST's four IDX files; without --data, generated digits",
      .epochs = 3,
      .settings = [] { return Settings::of(RowRnnSettings()); },
      .inputs = one_input("x", {1, 28, 28, 1}),
      .model = [kind = f.kind](const Settings&) { return std::make_unique<models::RowRnn>(kind); },
      .training = train_rows,
      .predict =
          [](System& system, const std::string& path) {
            return predict_digit(*system.model, path, Outputs::logits);
          }};
}

}  // namespace

std::vector<Recipe> row_rnn() {
  return {recipe_of({RecurrentKind::rnn, "row-rnn", "Elman network on rows of pixels", 1990,
                     "Elman, Finding structure in time",
                     "Digits read row by row by the plain recurrent layer, which forgets the top.",
                     "95 % of MNIST after 3 epochs"}),
          recipe_of({RecurrentKind::lstm, "row-lstm", "LSTM on rows of pixels", 1997,
                     "Hochreiter and Schmidhuber, Long short-term memory",
                     "Digits read row by row: a cell behind gates keeps the top to the last row.",
                     "98.4 % of MNIST after 3 epochs"}),
          recipe_of({RecurrentKind::gru, "row-gru", "GRU on rows of pixels", 2014,
                     "Cho et al., Learning phrase representations using RNN encoder-decoder",
                     "Digits read row by row: two gates and no cell, three quarters of an LSTM.",
                     "98.6 % of MNIST after 3 epochs"})};
}

}  // namespace strata::recipes
