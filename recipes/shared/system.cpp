#include "recipes/shared/system.h"

#include <filesystem>

#include <fmt/format.h>

#include "recipes/shared/hub_folder.h"
#include "strata/base/error.h"
#include "strata/io/weights.h"
#include "strata/nn/state_dict.h"
#include "strata/train/checkpoint.h"

namespace strata::recipes {
namespace {

namespace fs = std::filesystem;

System start(const Recipe& recipe, const std::string& name) {
  return {.recipe = &recipe, .name = name, .settings = recipe.settings()};
}

void adopt_hub_folder(System& system, const std::string& folder) {
  system.hub = read_hub_config(folder);
  const Recipe& family = find_hub_family(folder, system.hub);
  if (!system.recipe->hub || system.recipe->hub->model_type != family.hub->model_type) {
    throw ValueError(folder, fmt::format("holds a {}, not a {}", family.name, system.name));
  }
  system.settings.take(system.hub);
  if (family.hub->adopt) family.hub->adopt(system.settings, system.hub);
}

void adopt_saved_settings(System& system, const std::string& weights) {
  const auto saved = train::saved_settings(weights);
  const auto of = saved.find("system");
  if (of != saved.end() && of->second != system.recipe->name) {
    throw ValueError(weights,
                     fmt::format("holds weights of {}, not of {}", of->second, system.name));
  }
  system.settings.take(saved);
}

TensorMap read_tensors(const System& system, const std::string& weights) {
  TensorMap tensors = is_hub_folder(weights) ? load_tensors(weights) : train::read_weights(weights);
  const auto& rename = system.recipe->rename;
  return rename ? rename(std::move(tensors), system.settings) : tensors;
}

}  // namespace

System sketch_system(const std::string& name) {
  if (is_hub_folder(name)) {
    System system = start(find_hub_family(name, read_hub_config(name)), name);
    adopt_hub_folder(system, name);
    system.model = system.recipe->model(system.settings);
    system.model->eval();
    return system;
  }
  System system = start(find_recipe(name), name);
  system.model = system.recipe->model(system.settings);
  system.model->eval();
  return system;
}

System open_system(const std::string& name, const std::string& weights) {
  const bool hub = is_hub_folder(name);
  const std::string from = weights.empty() && hub ? name : weights;
  System system = hub ? start(find_hub_family(name, read_hub_config(name)), name)
                      : start(find_recipe(name), name);
  if (from.empty()) {
    throw ValueError(name, "has no weights of its own");
  }
  if (hub) adopt_hub_folder(system, name);
  if (!hub && is_hub_folder(from)) {
    adopt_hub_folder(system, from);
  } else if (from != name) {
    adopt_saved_settings(system, from);
  }
  system.folder = fs::is_directory(from) ? from : fs::path(from).parent_path().string();
  system.model = system.recipe->model(system.settings);
  nn::load_state_dict(*system.model, read_tensors(system, from));
  system.model->eval();
  return system;
}

TensorMap run_arrays(System& system, const TensorMap& inputs) {
  if (system.recipe->arrays) return system.recipe->arrays(system, inputs);
  const Input input = system.recipe->inputs(system.settings).at(0);
  const auto x = inputs.find(input.name);
  if (x == inputs.end()) {
    throw ValueError(system.name, fmt::format("takes an input named {}", input.name));
  }
  return {{"logits", (*system.model)(x->second)}};
}

}  // namespace strata::recipes
