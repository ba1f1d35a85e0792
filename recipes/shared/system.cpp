#include "recipes/shared/system.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "recipes/shared/hub_folder.h"
#include "strata/base/error.h"
#include "strata/io/weights.h"
#include "strata/nn/init.h"
#include "strata/nn/state_dict.h"
#include "strata/train/checkpoint.h"

namespace strata::recipes {
namespace {

namespace fs = std::filesystem;

System of_recipe(const Recipe& recipe, const std::string& name) {
  return {.recipe = &recipe, .name = name, .settings = recipe.settings()};
}

void adopt_hub_config(System& system, HubConfig config) {
  system.hub = std::move(config);
  system.settings.take(system.hub);
  const auto& adopt = system.recipe->hub->adopt;
  if (adopt) adopt(system.settings, system.hub);
}

/// Takes the settings of a model's folder that the weights of a named system lie in.
void adopt_hub_folder(System& system, const std::string& folder) {
  HubConfig config = read_hub_config(folder);
  const Recipe& family = find_hub_family(folder, config);
  if (!system.recipe->hub || system.recipe->hub->model_type != family.hub->model_type) {
    throw ValueError(folder, fmt::format("holds a {}, not a {}", family.name, system.name));
  }
  adopt_hub_config(system, std::move(config));
}

/// The system of that name with its settings; a folder's are those of its config.json.
System start(const std::string& name) {
  if (!is_hub_folder(name)) return of_recipe(find_recipe(name), name);
  HubConfig config = read_hub_config(name);
  System system = of_recipe(find_hub_family(name, config), name);
  adopt_hub_config(system, std::move(config));
  return system;
}

void make_model(System& system) {
  system.model = system.recipe->model(system.settings);
  system.model->eval();
}

/// Whether the settings of a system of that name build this one too: sizes of a family share them.
bool is_relative(const Recipe& recipe, const std::string& name) {
  if (recipe.name == name) return true;
  return recipe.hub &&
         std::any_of(all_recipes().begin(), all_recipes().end(), [&](const Recipe& r) {
           return r.name == name && r.hub && r.hub->model_type == recipe.hub->model_type;
         });
}

void adopt_saved_settings(System& system, const std::string& weights,
                          const std::map<std::string, std::string>& saved) {
  const auto of = saved.find("system");
  if (of != saved.end() && !is_relative(*system.recipe, of->second)) {
    throw ValueError(weights,
                     fmt::format("holds weights of {}, not of {}", of->second, system.name));
  }
  system.settings.take(saved);
}

/// Tensors of a file under the network's names; takes what they alone tell into the settings.
TensorMap named_for(System& system, TensorMap tensors) {
  const Recipe& recipe = *system.recipe;
  if (recipe.rename) tensors = recipe.rename(std::move(tensors), system.settings);
  if (recipe.match) recipe.match(system.settings, tensors);
  return tensors;
}

/// The tensors under the network's names, once the settings are those that belong to them.
TensorMap read_tensors(System& system, const std::string& from) {
  TensorMap tensors;
  if (is_hub_folder(from)) {
    if (system.hub.empty()) adopt_hub_folder(system, from);
    tensors = load_tensors(network_folder(from));
  } else {
    const train::SavedWeights saved(from);
    adopt_saved_settings(system, from, saved.settings());
    tensors = saved.load();
  }
  return named_for(system, std::move(tensors));
}

/// The network with those weights. Drawing first values is left out where all are written over.
void make_model_of(System& system, TensorMap tensors, bool strict) {
  {
    std::optional<nn::init::UnwrittenScope> unwritten;
    if (strict) unwritten.emplace();
    make_model(system);
  }
  system.left_out = nn::load_state_dict(*system.model, std::move(tensors), {.strict = strict});
  const size_t left = system.left_out.missing.size() + system.left_out.mismatched.size();
  if (left > 0 && left == system.model->named_tensors().size()) {
    throw ValueError(system.name, "nothing of the weights fits");
  }
}

}  // namespace

System sketch_system(const std::string& name) {
  System system = start(name);
  make_model(system);
  return system;
}

System open_system(const std::string& name, const std::string& weights,
                   const OpenOptions& options) {
  System system = start(name);
  const bool own = weights.empty() && is_hub_folder(name);
  const std::string from = own ? name : weights;
  if (from.empty()) throw ValueError(name, "has no weights of its own");
  TensorMap tensors = read_tensors(system, from);
  system.folder = fs::is_directory(from) ? from : fs::path(from).parent_path().string();
  make_model_of(system, std::move(tensors), options.strict);
  return system;
}

nn::LoadReport compare_system(const std::string& name, TensorMap tensors) {
  const DeviceScope meta(kMeta);
  System system = start(name);
  tensors = named_for(system, std::move(tensors));
  make_model(system);
  return nn::compare_state_dict(*system.model, tensors);
}

std::map<std::string, std::string> settings_to_save(const std::string& name,
                                                    const Settings& settings) {
  std::map<std::string, std::string> saved = {{"system", name}};
  for (const auto& field : settings.fields().list()) saved[field.name] = field.value;
  return saved;
}

void expect_arrays(const System& system, const TensorMap& inputs,
                   const std::vector<std::string>& names) {
  for (const auto& [name, array] : inputs) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    throw ValueError(system.name, fmt::format("takes no input named {}", name),
                     fmt::format("known: {}", fmt::join(names, ", ")));
  }
}

TensorMap run_arrays(System& system, const TensorMap& inputs) {
  if (system.recipe->arrays) return system.recipe->arrays(system, inputs);
  const Input input = system.recipe->inputs(system.settings).at(0);
  expect_arrays(system, inputs, {input.name});
  const auto x = inputs.find(input.name);
  if (x == inputs.end()) {
    throw ValueError(system.name, fmt::format("takes an input named {}", input.name));
  }
  return {{"logits", (*system.model)(x->second)}};
}

}  // namespace strata::recipes
