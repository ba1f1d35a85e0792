#pragma once

#include <cstdint>
#include <initializer_list>
#include <utility>

namespace strata::nn {

/// Throws ValueError tagged with the layer's type for the first field that is below 1: a required
/// one left out has -1.
void require_positive(const char* layer,
                      std::initializer_list<std::pair<const char*, int64_t>> fields);

/// Throws ValueError for a field that is no share, in [0, 1].
void require_share(const char* layer, const char* field, double value);

/// Throws ValueError for heads that do not divide the width.
void require_heads(const char* layer, int64_t width, int64_t heads);

/// Throws ValueError for groups below 1 and those that do not divide both counts of channels.
void require_groups(const char* layer, int64_t in, int64_t out, int64_t groups);

}  // namespace strata::nn
