#pragma once

#include <string>
#include <utility>
#include <vector>

#include "recipes/recipe.h"

namespace strata::recipes {

/// The value of a key, or `otherwise` where there is none.
std::string value_of(const HubConfig& config, const std::string& key, const std::string& otherwise);

/// The text of a config.json: the model_type, the name of the class that the Python library opens
/// it with, all fields of the settings in their own types, and more keys with values in JSON. An
/// empty value leaves a field out.
std::string hub_config_text(const std::string& model_type, const std::string& architecture,
                            const Settings& settings,
                            const std::vector<std::pair<std::string, std::string>>& more = {});

/// The entries "id2label" and "label2id" of a config.json: the names of the classes in the folder's
/// own one, else LABEL_0, LABEL_1, ...
std::vector<std::pair<std::string, std::string>> hub_labels(int64_t count, const HubConfig& known);

/// The entry "problem_type" of a classification: that of the folder's own config.json, which says
/// what its scores are; left out where it names none.
std::pair<std::string, std::string> hub_problem_type(const HubConfig& known);

}  // namespace strata::recipes
