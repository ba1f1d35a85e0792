#include "models/vision/row_rnn.h"

#include "recipes/recipe.h"
#include "recipes/shared/classifier.h"
#include "recipes/shared/digits.h"
#include "recipes/shared/recurrent.h"
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

Recipe row_recipe(RecurrentKind kind, const char* name, const char* title, const char* summary,
                  const char* expected) {
  Recipe r = recurrent_recipe(kind, name, title, summary, expected);
  r.family = "vision";
  r.metric = "accuracy";
  r.data = "MNIST's four IDX files; without --data, generated digits";
  r.epochs = 3;
  r.settings = [] { return Settings::of(RowRnnSettings()); };
  r.inputs = one_input("x", {1, 28, 28, 1});
  r.model = [kind](const Settings&) { return std::make_unique<models::RowRnn>(kind); };
  r.training = train_rows;
  r.predict = [](System& system, const std::string& path) {
    return predict_digit(*system.model, path, Outputs::logits);
  };
  return r;
}

}  // namespace

std::vector<Recipe> row_rnn() {
  return {row_recipe(RecurrentKind::rnn, "row-rnn", "Elman network on rows of pixels",
                     "Digits read row by row by the plain recurrent layer, which forgets the top.",
                     "95 % of MNIST after 3 epochs"),
          row_recipe(RecurrentKind::lstm, "row-lstm", "LSTM on rows of pixels",
                     "Digits read row by row: a cell behind gates keeps the top to the last row.",
                     "98.4 % of MNIST after 3 epochs"),
          row_recipe(RecurrentKind::gru, "row-gru", "GRU on rows of pixels",
                     "Digits read row by row: two gates and no cell, three quarters of an LSTM.",
                     "98.6 % of MNIST after 3 epochs")};
}

}  // namespace strata::recipes
