#pragma once

#include <string>
#include <vector>

namespace strata::recipes {

/// The names of the 1000 classes of ILSVRC 2012, in the order of the networks' outputs, as
/// torchvision writes them.
const std::vector<std::string>& imagenet_labels();

}  // namespace strata::recipes
