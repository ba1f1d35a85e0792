#pragma once

#include <string>

#include "strata/io/safetensors.h"

namespace strata::recipes {

/// Whether tensors of a file hold a head with other values than the table that its config.json ties
/// it to: transformers takes both then. `table` is looked for with and without `prefix`. False
/// where either is missing, and on the meta device, which knows no values.
bool has_own_head(const TensorMap& tensors, const std::string& head, const std::string& prefix,
                  const std::string& table);

}  // namespace strata::recipes
