#include "recipes/shared/sentence_folder.h"
#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target modules_target() {
  return {.name = "modules",
          .files = {"modules.json", "config.json"},
          .seeds = {"folders/bert-sentences"},
          .read = [](const std::string& path) { recipes::sentence_modules(path); }};
}

}  // namespace strata::fuzz
