#include "strata/io/safetensors.h"

#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target safetensors_target() {
  return {.name = "safetensors",
          .files = {"model.safetensors"},
          .seeds = {"io/python.safetensors", "folders/gpt2-shards.in.safetensors",
                    "folders/gpt2-shards/model-00003-of-00003.safetensors"},
          .read = [](const std::string& path) { load_safetensors(path); }};
}

}  // namespace strata::fuzz
