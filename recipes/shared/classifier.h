#pragma once

#include "recipes/recipe.h"
#include "strata/data/loader.h"
#include "strata/train/supervised.h"

namespace strata::recipes {

/// What classifiers are trained with: the mean cross-entropy and a one-cycle learning rate that
/// rises to `max_lr`, on batches of `batch` in the order of the source's seed.
train::SupervisedConfig classifier_config(const Source& source, int64_t batch, double max_lr);

/// Moves each picture of a batch by up to `shift` pixels and mirrors a share `flip` of them; none
/// of that at 0. Throws ValueError, before any batch, for a shift that no picture of a digit has.
Transform random_moves(int64_t shift, double flip = 0);

}  // namespace strata::recipes
