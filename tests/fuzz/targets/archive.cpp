#include "strata/io/archive.h"

#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target archive_target() {
  return {.name = "archive",
          .files = {"files.zip"},
          .seeds = {"io/packed.npz", "io/stored.npz"},
          .read = [](const std::string& path) {
            for_each_file(
                path, [](const std::string&) { return true; },
                [](const std::string&, std::vector<uint8_t>) {});
          }};
}

}  // namespace strata::fuzz
