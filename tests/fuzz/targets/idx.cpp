#include "strata/io/idx.h"

#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target idx_target() {
  return {.name = "idx", .files = {"images.idx"}, .read = [](const std::string& path) {
            read_idx(path);
          }};
}

}  // namespace strata::fuzz
