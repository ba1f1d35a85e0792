#include <string>

#include <gtest/gtest.h>

#include "recipes/recipe.h"
#include "strata/base/error.h"
#include "tests/support/message.h"

namespace strata::recipes {
namespace {

/// What a training by this setting is refused for.
std::string fault(const char* setting) {
  const Recipe& recipe = find_recipe("adding-lstm");
  Settings settings = recipe.settings();
  settings.fields().assign(setting);
  return testing::message<ValueError>([&] {
    const auto model = recipe.model(settings);
    recipe.training(*model, settings, {});
  });
}

TEST(Adding, SettingsBelowZeroAreRefused) {
  EXPECT_EQ(fault("clip=-1"), "[clip] must be at least 0, got -1");
  EXPECT_EQ(fault("clip=nan"), "[clip] must be at least 0, got nan");
  EXPECT_EQ(fault("memory=-1"), "[AddingRnn] memory must be at least 0, got -1");
}

}  // namespace
}  // namespace strata::recipes
