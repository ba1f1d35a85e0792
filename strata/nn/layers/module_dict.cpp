#include "strata/nn/layers/module_dict.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "strata/base/error.h"

namespace strata::nn::internal {

void check_new_name(const char* where, std::string_view name,
                    const std::vector<std::string>& taken) {
  if (name.empty() || name.find('.') != std::string_view::npos) {
    throw ValueError(where,
                     fmt::format("a name must not be empty or hold a point, got \"{}\"", name));
  }
  if (std::find(taken.begin(), taken.end(), name) != taken.end()) {
    throw ValueError(where, fmt::format("there is a \"{}\" already", name));
  }
}

size_t place_of(const char* where, std::string_view name, const std::vector<std::string>& names) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at != names.end()) return static_cast<size_t>(at - names.begin());
  throw ValueError(
      where, fmt::format("no \"{}\"", name),
      names.empty() ? "it is empty" : fmt::format("it has {}", fmt::join(names, ", ")));
}

}  // namespace strata::nn::internal
