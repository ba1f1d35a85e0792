#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "recipes/recipe.h"
#include "strata/nn/state_dict.h"

namespace strata::recipes {

/// A system as a command uses it: the network, its settings, and where it came from.
struct System {
  const Recipe* recipe = nullptr;
  std::string name;  ///< as asked for: a recipe's name or a folder
  Settings settings;
  /// Where the weights lie: a run's folder, a model's folder, or the folder of a lone file. What
  /// else a task reads (tokenizer, labels) is looked for there; empty without weights.
  std::string folder = {};
  HubConfig hub = {};  ///< the folder's config.json; empty if it has none
  std::unique_ptr<nn::Module> model = {};
  nn::LoadReport left_out = {};  ///< of weights that were taken as far as they fit
};

struct OpenOptions {
  bool strict = true;  ///< false: take what fits of the weights, the rest stays as it is first made
};

/// Opens a system for use, in evaluation mode. `name` is a recipe's name or a Hugging Face folder,
/// whose own weights are taken where `weights` is empty. Weights are a run's folder, a model's
/// folder or a file; settings that were saved with them build the network. Throws ValueError for an
/// unknown name, for weights that are missing, of another system or do not fit (without `strict`:
/// of which nothing fits); IoError, FormatError.
System open_system(const std::string& name, const std::string& weights = "",
                   const OpenOptions& options = {});

/// The same without weights, by the settings alone: under DeviceScope(kMeta) nothing is computed.
System sketch_system(const std::string& name);

/// What of tensors with these names and shapes would not fit a system, see System::left_out. No
/// values are read: the tensors may be on the meta device. Throws ValueError as open_system.
nn::LoadReport compare_system(const std::string& name, TensorMap tensors);

/// The settings of the system of that name, and the name, as they are saved beside weights.
std::map<std::string, std::string> settings_to_save(const std::string& name,
                                                    const Settings& settings);

/// Throws ValueError for an array whose name is none of these, naming all of them.
void expect_arrays(const System& system, const TensorMap& inputs,
                   const std::vector<std::string>& names);

/// Named arrays through the system's network, see Recipe::arrays. Throws ValueError where an input
/// is missing and for one that the network does not take, naming all that it takes.
TensorMap run_arrays(System& system, const TensorMap& inputs);

}  // namespace strata::recipes
