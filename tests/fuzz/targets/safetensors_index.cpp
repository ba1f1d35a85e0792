#include "strata/io/safetensors.h"
#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target safetensors_index_target() {
  return {.name = "safetensors_index",
          .files = {"model.safetensors.index.json", "model-00001-of-00001.safetensors"},

          .read = [](const std::string& path) { load_safetensors(path); }};
}

}  // namespace strata::fuzz
