#pragma once

#include <memory>
#include <string>

#include "recipes/recipe.h"
#include "strata/data/dataset.h"

namespace strata::recipes {

/// MNIST from `source.data`, or without it generated digits that follow the seed.
std::shared_ptr<const Dataset> digits(const Source& source, Split split);

/// How a network's ten outputs become probabilities.
enum class Outputs { logits, scores };

/// Lets a network for f32[N, 28, 28, 1] look at a picture of one digit, light on dark or dark on
/// light, of any size; a photo is turned as its camera says. Throws IoError and FormatError for the
/// file.
Prediction predict_digit(nn::Module& model, const std::string& path, Outputs outputs);

}  // namespace strata::recipes
