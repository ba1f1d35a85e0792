#include "recipes/shared/photo_classes.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "recipes/shared/system.h"
#include "strata/base/error.h"
#include "strata/io/png.h"
#include "strata/ops/creation.h"
#include "strata/train/training.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata::recipes {
namespace {

namespace fs = std::filesystem;
using testing::message;
using testing::TempFolder;

/// One picture of 32 x 32 in each of these classes of either part.
std::string photo_set(const TempFolder& folder, const std::vector<std::string>& classes) {
  for (const char* part : {"train", "test"}) {
    for (const std::string& name : classes) {
      const fs::path at = fs::path(folder / part) / name;
      fs::create_directories(at);
      write_png((at / "1.png").string(), zeros({32, 32, 3}, DType::u8));
    }
  }
  return folder.path();
}

TEST(PhotoClasses, StandBetweenSlashes) {
  EXPECT_EQ(class_names("b c/käse"), (std::vector<std::string>{"b c", "käse"}));
  EXPECT_EQ(class_names("cat"), std::vector<std::string>{"cat"});
  EXPECT_TRUE(class_names("").empty());
  EXPECT_TRUE(class_names(kUnnamed).empty());
}

TEST(PhotoClasses, AreTheFoldersOfTheData) {
  const TempFolder folder;
  const std::string data = photo_set(folder, {"käse", "b c"});
  EXPECT_EQ(labels_of({.data = data}, ""), "b c/käse");
  EXPECT_EQ(labels_of({.data = data}, "dog/cat"), "dog/cat") << "as it was said";
  EXPECT_EQ(class_names(labels_of({}, "")).size(), 10u) << "digits";
}

TEST(PhotoClasses, WithoutUtf8AreRefusedBeforeTheTraining) {
  const TempFolder folder;
  const std::string odd = "k\344fer";
  const Source source = {.data = photo_set(folder, {"b c", odd})};
  for (const char* name : {"resnet-cifar", "resnet18"}) {
    const Recipe& recipe = find_recipe(name);
    Settings settings = recipe.settings();
    const std::string said = message<FormatError>([&] { recipe.prepare(settings, source); });
    EXPECT_NE(said.find(folder / "train"), std::string::npos) << said;
    EXPECT_NE(said.find("'" + odd + "' is not UTF-8"), std::string::npos) << said;
    EXPECT_NE(said.find("rename it"), std::string::npos) << said;
  }
}

TEST(PhotoClasses, NameWhatATrainedNetworkSees) {
  const TempFolder folder;
  const Source source = {.data = photo_set(folder, {"käse", "b c"})};
  const std::string picture = folder / "test/käse/1.png";
  for (const char* name : {"resnet-cifar", "resnet18"}) {
    const Recipe& recipe = find_recipe(name);
    System system{.recipe = &recipe, .name = name, .settings = recipe.settings()};
    recipe.prepare(system.settings, source);
    system.model = recipe.model(system.settings);
    system.model->eval();
    const auto training = recipe.training(*system.model, system.settings, source);
    const std::vector<std::string> known = {"b c", "käse"};
    for (const train::Answer& a : training->answers(2)) {
      EXPECT_NE(std::find(known.begin(), known.end(), a.truth), known.end()) << a.truth;
    }
    size_t named = 0;
    for (const auto& c : recipe.predict(system, picture).classes) {
      named += c.label == known[0] || c.label == known[1] ? 1 : 0;
      EXPECT_NE(c.label, "airplane");
      EXPECT_NE(c.label, "tench");
    }
    EXPECT_EQ(named, 2u) << name;
  }
}

TEST(PhotoClasses, AreNoMoreThanTheOutputs) {
  const TempFolder folder;
  std::vector<std::string> many;
  for (int i = 0; i < 12; ++i) many.push_back("class " + std::to_string(i));
  const Source source = {.data = photo_set(folder, many)};
  const Recipe& recipe = find_recipe("resnet-cifar");
  Settings settings = recipe.settings();
  recipe.prepare(settings, source);
  const auto model = recipe.model(settings);
  const std::string said = message<ValueError>([&] { recipe.training(*model, settings, source); });
  EXPECT_NE(said.find("the data has 12 classes, the network 10 outputs"), std::string::npos)
      << said;
}

TEST(PhotoClasses, OfOldRunsAreAsTheyWere) {
  for (const char* name : {"resnet-cifar", "resnet50"}) {
    EXPECT_EQ(find_recipe(name).before.at("labels"), kUnnamed);
  }
  const TempFolder folder;
  photo_set(folder, {"a"});
  const Recipe& recipe = find_recipe("resnet-cifar");
  System system{.recipe = &recipe, .name = "resnet-cifar", .settings = recipe.settings()};
  system.settings.take({{"labels", kUnnamed}});
  system.model = recipe.model(system.settings);
  system.model->eval();
  std::vector<std::string> labels;
  for (const auto& c : recipe.predict(system, folder / "test/a/1.png").classes) {
    labels.push_back(c.label);
  }
  EXPECT_NE(std::find(labels.begin(), labels.end(), "airplane"), labels.end());
}

}  // namespace
}  // namespace strata::recipes
