#pragma once

#include <string>
#include <utility>
#include <vector>

#include "recipes/recipe.h"

namespace strata::recipes {

/// The text of a config.json: the model_type, the name of the class that the Python library opens
/// it with, all fields of the settings in their own types, and more keys with values in JSON. An
/// empty value leaves a field out.
std::string hub_config_text(const std::string& model_type, const std::string& architecture,
                            const Settings& settings,
                            const std::vector<std::pair<std::string, std::string>>& more = {});

}  // namespace strata::recipes
