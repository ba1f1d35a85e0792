#include "recipes/shared/hub_folder.h"
#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target config_target() {
  return {.name = "config",
          .files = {"config.json"},
          .seeds = {"folders/bert-masks/config.json", "folders/bert-untied/config.json",
                    "folders/gpt2-shards/config.json", "folders/vit-labels/config.json",
                    "folders/diffusers-unet/unet/config.json"},
          .read = [](const std::string& path) {
            // All that open_system does before it makes a network, which may be as large as it
            // says.
            const std::string folder = path.substr(0, path.rfind('/'));
            const recipes::HubConfig config = recipes::read_hub_config(folder);
            const recipes::Recipe& family = recipes::find_hub_family(folder, config);
            recipes::Settings settings = family.settings();
            settings.take(config);
            if (family.hub->adopt) family.hub->adopt(settings, config);
          }};
}

}  // namespace strata::fuzz
