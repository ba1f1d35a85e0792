#include "strata/nn/config_check.h"

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::nn {

void require_positive(const char* layer,
                      std::initializer_list<std::pair<const char*, int64_t>> fields) {
  for (const auto& [name, value] : fields) {
    if (value >= 1) continue;
    if (value == -1) throw ValueError(layer, fmt::format("the config leaves out .{}", name));
    throw ValueError(layer, fmt::format(".{} must be at least 1, got {}", name, value));
  }
}

}  // namespace strata::nn
