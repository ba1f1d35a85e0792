#include "recipes/recipe.h"

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::recipes {

void Settings::take(const std::map<std::string, std::string>& values) {
  for (const auto& field : fields_.list()) {
    const auto value = values.find(field.name);
    if (value != values.end()) fields_.set(field.name, value->second);
  }
}

std::function<std::vector<Input>(const Settings&)> one_input(const std::string& name,
                                                             const Shape& shape) {
  return [input = Input{.name = name, .shape = shape}](const Settings&) {
    return std::vector<Input>{input};
  };
}

const Recipe& find_recipe(const std::string& name) {
  std::vector<std::string> names;
  for (const Recipe& r : all_recipes()) {
    if (r.name == name) return r;
    names.push_back(r.name);
  }
  const std::string near = nearest_name(name, names);
  throw ValueError(
      name, "there is no such system",
      near.empty() ? "strata list shows them all" : fmt::format("did you mean {}?", near));
}

}  // namespace strata::recipes
