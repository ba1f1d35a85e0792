#include "recipes/shared/photos.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "recipes/shared/imagenet_labels.h"
#include "recipes/shared/system.h"
#include "strata/io/safetensors.h"
#include "strata/nn/state_dict.h"
#include "tests/support/rule_weights.h"
#include "tests/support/temp_folder.h"

namespace strata::recipes {
namespace {

using testing::TempFolder;

std::string photo(const TempFolder& folder) {
  const TensorMap dump =
      load_safetensors(std::string(STRATA_SOURCE_DIR) + "/tests/golden/vision/photo.safetensors");
  const Tensor& bytes = dump.at("photo.jpg");
  testing::spill(folder / "photo.jpg", {reinterpret_cast<const char*>(bytes.data<uint8_t>()),
                                        static_cast<size_t>(bytes.numel())});
  return folder / "photo.jpg";
}

TEST(Photos, ArePreparedAsTorchvisionDoes) {
  const TempFolder folder;
  const TensorMap dump =
      load_safetensors(std::string(STRATA_SOURCE_DIR) + "/tests/golden/vision/photo.safetensors");
  const Tensor x = photo_input(photo(folder), {});
  ASSERT_EQ(describe(x), "f32[1, 224, 224, 3]");
  const auto got = x.to_vector<float>(), wanted = dump.at("x").to_vector<float>();
  // Decoders of JPEG may differ by one of 255 steps, which the norm makes 1 / 57.
  for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(got[97 * i], wanted[i], 0.018) << i;
}

TEST(Photos, GetTheirNames) {
  const auto& labels = imagenet_labels();
  ASSERT_EQ(labels.size(), 1000u);
  EXPECT_EQ(labels[0], "tench");
  EXPECT_EQ(labels[285], "Egyptian cat");
  EXPECT_EQ(labels[999], "toilet tissue");
  const TempFolder folder;
  System system{.recipe = &find_recipe("resnet18"),
                .name = "resnet18",
                .settings = find_recipe("resnet18").settings()};
  system.model = system.recipe->model(system.settings);
  testing::set_rule_weights(*system.model);
  system.model->eval();
  const Prediction p = system.recipe->predict(system, photo(folder));
  ASSERT_EQ(p.classes.size(), 1000u);
  EXPECT_GE(p.classes[0].probability, p.classes[1].probability);
  EXPECT_NE(std::find(labels.begin(), labels.end(), p.classes[0].label), labels.end());
  EXPECT_EQ(describe(p.seen), "f32[32, 32, 3]");
}

/// A data set of one photograph in each of two classes, three in the second.
std::string photo_set(const TempFolder& folder) {
  namespace fs = std::filesystem;
  const std::string file = photo(folder);
  for (const char* name : {"cat/1", "dog/1", "dog/2", "dog/3"}) {
    const fs::path to = fs::path(folder / "set/train") / (name + std::string(".jpg"));
    fs::create_directories(to.parent_path());
    fs::copy_file(file, to);
  }
  return folder / "set";
}

TEST(Photos, AreChangedAtRandomForTrainings) {
  const TempFolder folder;
  const std::string set = photo_set(folder);
  const std::vector<int64_t> two = {0, 1};
  const auto pixels = [&](const PhotoChanges& changes) {
    const auto data = photos({.data = set}, Split::train, {}, changes);
    Generator random(7);
    const Tensor x = data->draw(two, random).x;
    EXPECT_EQ(describe(x), "f32[2, 224, 224, 3]");
    EXPECT_EQ(data->get(two).x.to_vector<float>(),
              photos({.data = set}, Split::train, {})->get(two).x.to_vector<float>());
    return x.to_vector<float>();
  };
  const auto plain = pixels({}), cropped = pixels({.least_area = 0.2}),
             coloured = pixels({.jitter = 0.4});
  const size_t half = plain.size() / 2;
  const auto equal_halves = [&](const std::vector<float>& x) {
    return std::equal(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(half),
                      x.begin() + static_cast<std::ptrdiff_t>(half));
  };
  EXPECT_TRUE(equal_halves(plain)) << "the same photograph";
  for (const auto& x : {cropped, coloured}) {
    EXPECT_NE(x, plain);
    EXPECT_FALSE(equal_halves(x));
  }
}

TEST(Photos, OfSmallClassesAreDrawnAsOften) {
  const TempFolder folder;
  const auto data = photos({.data = photo_set(folder)}, Split::train, {});
  const Sampler sampler = balanced_classes(*data);
  ASSERT_EQ(sampler.count, 4);
  Generator random(1);
  double cats = 0;
  for (int i = 0; i < 500; ++i) {
    for (const int64_t sample : sampler.order(random)) cats += sample == 0;
  }
  EXPECT_NEAR(cats / 2000, 0.5, 0.05);
  EXPECT_FALSE(balanced_classes(*photos({}, Split::test, cifar_photos())).order);
}

TEST(Photos, WithoutFilesAreColouredDigits) {
  const auto data = photos({}, Split::test, cifar_photos());
  EXPECT_EQ(data->size(), 1000);
  const std::vector<int64_t> first = {0};
  EXPECT_EQ(describe(data->get(first).x), "f32[1, 32, 32, 3]");
}

}  // namespace
}  // namespace strata::recipes
