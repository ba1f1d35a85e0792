#pragma once

#include <string>

#include "models/recurrent_kind.h"
#include "recipes/recipe.h"

namespace strata::recipes {

/// A recipe with what is told of a system made of such a layer: the layer's year and paper beside
/// the system's own words. The rest is the caller's.
Recipe recurrent_recipe(models::RecurrentKind kind, const std::string& name,
                        const std::string& title, const std::string& summary,
                        const std::string& expected);

}  // namespace strata::recipes
