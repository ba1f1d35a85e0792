#include "strata/nn/config_check.h"

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::nn {

void require_positive(const char* layer,
                      std::initializer_list<std::pair<const char*, int64_t>> fields) {
  for (const auto& [name, value] : fields) {
    if (value >= 1) continue;
    if (value == -1) {  // left out, or asked for
      throw ValueError(layer, fmt::format(".{} must be given, at least 1", name));
    }
    throw ValueError(layer, fmt::format(".{} must be at least 1, got {}", name, value));
  }
}

void require_share(const char* layer, const char* field, double value) {
  if (value >= 0 && value <= 1) return;
  throw ValueError(layer, fmt::format(".{} must be in [0, 1], got {}", field, value));
}

void require_heads(const char* layer, int64_t width, int64_t heads) {
  if (width % heads == 0) return;
  throw ValueError(layer, fmt::format("{} heads do not divide .width = {}", heads, width));
}

void require_groups(const char* layer, int64_t in, int64_t out, int64_t groups) {
  require_positive(layer, {{"groups", groups}});
  if (in % groups == 0 && out % groups == 0) return;
  throw ValueError(
      layer, fmt::format("{} groups do not divide .in = {} and .out = {} evenly", groups, in, out));
}

}  // namespace strata::nn
