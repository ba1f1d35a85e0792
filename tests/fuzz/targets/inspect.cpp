#include "strata/io/inspect.h"

#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target inspect_target() {
  return {.name = "inspect",
          .files = {"file.bin"},
          .seeds = {"io/python.safetensors", "io/le_f4.npy", "io/packed.npz", "io/pth/legacy.pth",
                    "io/pth/state.pth"},
          .read = [](const std::string& path) { inspect_file(path); }};
}

}  // namespace strata::fuzz
