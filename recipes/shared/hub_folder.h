#pragma once

#include <string>

#include "recipes/recipe.h"

namespace strata::recipes {

/// Whether that is a folder in the layout of the Hugging Face hub: one with a config.json, or with
/// the model_index.json of the diffusers library.
bool is_hub_folder(const std::string& path);

/// Where the network and its config.json lie: the folder itself, or "unet" in it.
std::string network_folder(const std::string& folder);

/// The folder's config.json; with it, under "scheduler.", the scheduler_config.json of the
/// diffusers library. A pad_token_id of null is -1: left out, it would be the default. Throws
/// IoError, FormatError (damaged, nested too deep, no object).
HubConfig read_hub_config(const std::string& folder);

/// The recipe whose family takes that model_type (of diffusers: _class_name). Throws ValueError,
/// tagged with the folder, naming those that are taken.
const Recipe& find_hub_family(const std::string& folder, const HubConfig& config);

/// Writes config.json and model.safetensors of an opened system, for the Python libraries and for
/// open_system. Makes the folder, and removes the index and shards that it held before. Throws
/// ValueError where its family has no such folders, IoError.
void save_hub_folder(const std::string& folder, System& system);

}  // namespace strata::recipes
