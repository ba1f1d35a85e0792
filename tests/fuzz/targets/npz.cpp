#include "strata/io/npz.h"

#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target npz_target() {
  return {.name = "npz",
          .files = {"arrays.npz"},
          .seeds = {"io/packed.npz", "io/stored.npz"},
          .read = [](const std::string& path) { read_npz(path); }};
}

}  // namespace strata::fuzz
