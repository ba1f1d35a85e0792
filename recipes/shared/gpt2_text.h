#pragma once

#include "models/language/gpt2.h"
#include "recipes/shared/write_text.h"

namespace strata::recipes {

/// Reads with a cache of keys and values. When the context is full, the last three quarters of it
/// are read again as its beginning. Throws ValueError for a first part that does not fit.
NextLogits gpt2_next(models::GPT2& model);

}  // namespace strata::recipes
