#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "recipes/recipe.h"

namespace strata::recipes {

/// The value of a setting that holds names of classes for classes without.
inline constexpr const char* kUnnamed = "-";

/// Names of classes in the order of a network's outputs as one setting holds them, "cat/dog": no
/// folder's name has a slash in it. None for kUnnamed and an empty text.
std::vector<std::string> class_names(const std::string& labels);

/// `labels`, or where it is empty those of the data set that a training begins with: the folders of
/// its photographs, the digits' numbers without one. kUnnamed for ImageNet's own 1000, which say
/// little. Throws as image_classes does, and FormatError for a folder whose name is not UTF-8.
std::string labels_of(const Source& source, const std::string& labels);

/// Throws ValueError for more names than the network has outputs.
void expect_outputs(const std::vector<std::string>& names, int64_t outputs,
                    const std::string& hint);

}  // namespace strata::recipes
