#pragma once

#include <string>
#include <vector>

namespace strata {

/// Names of what lies in a folder, sorted. Where memory runs out it throws, which the standard
/// library's iterator does not: that ends the program. Throws IoError.
std::vector<std::string> names_in_folder(const std::string& path);

}  // namespace strata
