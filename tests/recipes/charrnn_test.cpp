#include "models/language/charrnn.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "recipes/shared/system.h"
#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata::recipes {
namespace {

/// A small network for the characters of `text`.
System small_system(const std::string& text) {
  const testing::TempFolder folder;
  testing::spill(folder / "text", text);
  const Recipe& recipe = find_recipe("charrnn");
  System system{.recipe = &recipe, .name = "charrnn", .settings = recipe.settings()};
  system.settings.fields().assign("hidden=24");
  recipe.prepare(system.settings, {.data = folder / "text"});
  manual_seed(1);
  system.model = recipe.model(system.settings);
  system.model->eval();
  return system;
}

std::string written(System& system, const GenerateRequest& request, size_t most = 1000) {
  std::string text;
  system.recipe->generate(system, request, [&](std::string_view piece) {
    text += piece;
    return text.size() < most;
  });
  return text;
}

TEST(CharRnn, TakesItsCharactersFromTheText) {
  System system = small_system("to be, or n\u00f6t\n");
  const auto& model = static_cast<models::CharRnn&>(*system.model);
  EXPECT_EQ(model.embedding.config().count, 10);
  EXPECT_EQ(model.head.config().out, 10);
  // Without data: the letters, signs and the line's end of Shakespeare's plays.
  const Recipe& recipe = find_recipe("charrnn");
  Settings settings = recipe.settings();
  recipe.prepare(settings, {});
  EXPECT_EQ(recipe.model(settings)->parameter_count(), 350593);
  settings.fields().assign("characters=");
  EXPECT_EQ(testing::message<ValueError>([&] { recipe.model(settings); }),
            "[characters] is empty: a network needs some to write");
}

TEST(CharRnn, StepByStepIsTheWholeText) {
  const NoGrad no_grad;
  models::CharRnn model({.characters = 5, .width = 3, .hidden = 20, .layers = 2});
  const Tensor ids = randint(0, 5, {2, 30});
  nn::RecurrentState state;
  std::vector<Tensor> parts;
  for (int64_t t = 0; t < 30; ++t) parts.push_back(model.step(slice(ids, 1, t, t + 1), state));
  const auto apart = concat(parts, 1).to_vector<float>(), whole = model(ids).to_vector<float>();
  for (size_t i = 0; i < whole.size(); ++i) ASSERT_NEAR(apart[i], whole[i], 1e-5);
}

TEST(CharRnn, HoldsOutTheEndOfTheTrainingText) {
  const testing::TempFolder folder;
  // A hundred numbers are kept apart for evaluate(), a tenth of the others for validate().
  testing::spill(folder / "text",
                 std::string(810, 'a') + std::string(90, 'b') + std::string(100, 'a'));
  const Source source{.data = folder / "text", .holdout = 0.1};
  const Recipe& recipe = find_recipe("charrnn");
  Settings settings = recipe.settings();
  for (const char* text : {"hidden=8", "length=8"}) settings.fields().assign(text);
  recipe.prepare(settings, source);
  const auto model = recipe.model(settings);
  const auto training = recipe.training(*model, settings, source);
  const NoGrad no_grad;
  static_cast<models::CharRnn&>(*model).head.bias.data<float>()[0] = 20;  // expects an a
  EXPECT_GT(training->validate().value(), 15);
  EXPECT_LT(training->evaluate().value, 1);
}

TEST(CharRnn, WritesFromASeedAndStopsWhenTold) {
  const NoGrad no_grad;
  System system = small_system("abcdefghij ");
  const std::string text = written(system, {.prompt = "abc", .max_tokens = 40, .seed = 3});
  EXPECT_EQ(text.size(), 40u);
  EXPECT_EQ(text, written(system, {.prompt = "abc", .max_tokens = 40, .seed = 3}));
  EXPECT_NE(text, written(system, {.prompt = "abc", .max_tokens = 40, .seed = 4}));
  EXPECT_EQ(text.substr(0, 7), written(system, {.prompt = "abc", .seed = 3}, 7));
  const std::string greedy = written(system, {.prompt = "a", .max_tokens = 9, .temperature = 0});
  EXPECT_EQ(greedy, written(system, {.prompt = "a", .max_tokens = 9, .temperature = 0, .seed = 5}));
  EXPECT_THROW(written(system, {.prompt = ""}), ValueError);
  EXPECT_THROW(written(system, {.prompt = "xyz"}), ValueError);
}

}  // namespace
}  // namespace strata::recipes
