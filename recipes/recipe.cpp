#include "recipes/recipe.h"

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::recipes {

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
