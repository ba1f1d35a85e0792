#pragma once

#include <memory>
#include <string>

#include "recipes/recipe.h"
#include "strata/data/dataset.h"

namespace strata::recipes {

/// MNIST from `source.data`, or without it generated digits that follow the seed.
std::shared_ptr<const Dataset> digits(const Source& source, Split split);

}  // namespace strata::recipes
