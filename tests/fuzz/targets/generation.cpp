#include "recipes/shared/write_text.h"
#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target generation_target() {
  return {.name = "generation",
          .files = {"generation_config.json"},
          .seeds = {"folders/gpt2-shards/generation_config.json"},
          .read = [](const std::string& path) {
            // Made once: its network takes longer than all that is read.
            static recipes::System system = recipes::sketch_system("gpt-char");
            system.folder = path.substr(0, path.rfind('/'));
            recipes::stop_tokens(system);
            recipes::with_folder_defaults({}, system, 3);
          }};
}

}  // namespace strata::fuzz
