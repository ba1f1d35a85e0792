#pragma once

#include "models/vision/vit.h"
#include "strata/io/safetensors.h"

namespace strata::recipes {

/// A vision transformer's tensors under the names that the config asks for, from torchvision's
/// names (of old files too) or the hub's, with or without the prefix "vit.". Queries, keys and
/// values are joined or parted; a head that the network lacks is left out.
TensorMap rename_vit(const TensorMap& tensors, const models::ViTConfig& config);

}  // namespace strata::recipes
