#include "strata/io/pth.h"

#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target pth_target() {
  return {.name = "pth",
          .files = {"model.pth"},
          .seeds = {"io/pth/checkpoint.pth", "io/pth/deflated.pth", "io/pth/legacy.pth",
                    "io/pth/nested.pth", "io/pth/protocol4.pth", "io/pth/state.pth"},
          .read = [](const std::string& path) { load_pth(path); }};
}

}  // namespace strata::fuzz
