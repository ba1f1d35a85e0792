#include "recipes/shared/photos.h"

#include <algorithm>
#include <string>

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

TEST(Photos, WithoutFilesAreColouredDigits) {
  const auto data = photos({}, Split::test, cifar_photos());
  EXPECT_EQ(data->size(), 1000);
  const std::vector<int64_t> first = {0};
  EXPECT_EQ(describe(data->get(first).x), "f32[1, 32, 32, 3]");
}

}  // namespace
}  // namespace strata::recipes
