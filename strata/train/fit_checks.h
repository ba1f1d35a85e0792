#pragma once

#include <string>

#include "strata/train/fit.h"

namespace strata::train {

/// Throws ValueError for a number out of range and for a setting that a checkpoint cannot keep.
void check_options(const FitOptions& options);

/// Throws ValueError where the first group's initial_lr() is 0 and another's is not.
void check_rates(const Optimizer& optimizer);

/// Throws ValueError, tagged `owner`, for a part of a training ("a loss") that was not given.
void require_part(const char* owner, bool given, const char* what);

/// Throws ValueError for a metric whose place in the log another number has.
void check_metric_name(const std::string& name);

}  // namespace strata::train
