#pragma once

#include "strata/io/json.h"
#include "strata/train/training.h"

namespace strata::train {

/// A metric as checkpoints and reports keep it.
JsonValue metric_json(const Metric& metric);

/// Reads it back. What older files do not tell of is empty, and so is a confusion whose counts are
/// not those of its labels. Throws JsonError.
Metric metric_from(const JsonValue& json);

}  // namespace strata::train
