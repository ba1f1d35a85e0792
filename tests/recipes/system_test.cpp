#include "recipes/shared/system.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "recipes/shared/hub_folder.h"
#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/ops/creation.h"
#include "strata/train/checkpoint.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata::recipes {
namespace {

using testing::TempFolder;

TEST(System, OpensWeightsAndRunsNamedArrays) {
  const TempFolder folder;
  const auto model = find_recipe("lenet5").model(find_recipe("lenet5").settings());
  const std::string path = folder.path() + "/w.safetensors";
  train::save_weights(path, *model, {{"system", "lenet5"}, {"batch", "7"}});
  System system = open_system("lenet5", path);
  EXPECT_FALSE(system.model->training());
  EXPECT_EQ(system.folder, folder.path());
  for (const auto& field : system.settings.fields().list()) {
    EXPECT_TRUE(field.name != "batch" || field.value == "7");
  }
  const TensorMap out = run_arrays(system, {{"x", zeros({2, 28, 28, 1})}});
  EXPECT_EQ(describe(out.at("logits")), "f32[2, 10]");
  EXPECT_EQ(testing::message<ValueError>([&] { run_arrays(system, {}); }),
            "[lenet5] takes an input named x");
}

TEST(System, RefusesWeightsOfAnotherSystem) {
  const TempFolder folder;
  const auto model = find_recipe("lenet5").model(find_recipe("lenet5").settings());
  const std::string path = folder.path() + "/w.safetensors";
  train::save_weights(path, *model, {{"system", "lenet5"}});
  EXPECT_THROW(open_system("mlp-13002", path), ValueError);
  EXPECT_THROW(open_system("mlp-13002"), ValueError);
  EXPECT_THROW(open_system("no-such"), ValueError);
}

TEST(HubConfig, IsFlattened) {
  const TempFolder folder;
  write_file(folder.path() + "/config.json",
             R"({"model_type": "x", "n": 12, "eps": 1e-05, "on": true, "none": null,
                 "names": ["a", "b"], "id2label": {"0": "cat"}})");
  EXPECT_TRUE(is_hub_folder(folder.path()));
  EXPECT_EQ(read_hub_config(folder.path()), (HubConfig{{"model_type", "x"},
                                                       {"n", "12"},
                                                       {"eps", "1e-05"},
                                                       {"on", "true"},
                                                       {"names.0", "a"},
                                                       {"names.1", "b"},
                                                       {"id2label.0", "cat"}}));
  EXPECT_THROW(find_hub_family(folder.path(), read_hub_config(folder.path())), ValueError);
}

TEST(HubConfig, RefusesDamageAndDepth) {
  const TempFolder folder;
  const std::string path = folder.path() + "/config.json";
  write_file(path, "[1, 2]");
  EXPECT_THROW(read_hub_config(folder.path()), FormatError);
  write_file(path, "{\"a\": ");
  EXPECT_THROW(read_hub_config(folder.path()), FormatError);
  std::string deep = "{\"a\": 1}";
  for (int i = 0; i < 40; ++i) deep = "{\"a\": " + deep + "}";
  write_file(path, deep);
  EXPECT_THROW(read_hub_config(folder.path()), FormatError);
}

}  // namespace
}  // namespace strata::recipes
