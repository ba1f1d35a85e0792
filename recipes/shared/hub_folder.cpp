#include "recipes/shared/hub_folder.h"

#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "recipes/shared/system.h"
#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/io/json.h"
#include "strata/train/checkpoint.h"

namespace strata::recipes {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 16;
constexpr int64_t kMostBytes = int64_t{16} << 20;

std::string config_path(const std::string& folder) {
  return (fs::path(folder) / "config.json").string();
}

void flatten(const std::string& path, const JsonValue& value, HubConfig& out) {
  const std::string prefix = path.empty() ? "" : path + ".";
  size_t index = 0;
  for (const JsonValue& e : value.elements()) flatten(prefix + std::to_string(index++), e, out);
  for (const auto& [name, member] : value.members()) flatten(prefix + name, member, out);
  if (value.is_null() || value.is_array() || value.is_object()) return;
  out[path] = value.is_string() ? value.as<std::string>() : value.text();
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw IoError(folder.string(), "cannot make the folder: " + error.message());
}

}  // namespace

bool is_hub_folder(const std::string& path) {
  return fs::exists(config_path(path)) || fs::exists(fs::path(path) / "model_index.json");
}

std::string network_folder(const std::string& folder) {
  const std::string inner = (fs::path(folder) / "unet").string();
  return fs::exists(config_path(inner)) ? inner : folder;
}

HubConfig read_hub_json(const std::string& path) {
  const JsonValue json = parse_json(path, read_text_file(path, kMostBytes), kDeepest);
  if (!json.is_object()) throw FormatError(path, "is no JSON object");
  HubConfig config;
  flatten("", json, config);
  return config;
}

HubConfig read_hub_config(const std::string& folder) {
  HubConfig config = read_hub_json(config_path(network_folder(folder)));
  for (const char* name : {"scheduler/scheduler_config.json", "scheduler_config.json"}) {
    const fs::path path = fs::path(folder) / name;
    if (!fs::exists(path)) continue;
    for (auto& [key, value] : read_hub_json(path.string())) config["scheduler." + key] = value;
    break;
  }
  return config;
}

const Recipe& find_hub_family(const std::string& folder, const HubConfig& config) {
  auto type = config.find("model_type");
  if (type == config.end()) type = config.find("_class_name");
  std::vector<std::string> known;
  for (const Recipe& r : all_recipes()) {
    if (!r.hub) continue;
    if (type != config.end() && r.hub->model_type == type->second) return r;
    if (known.empty() || known.back() != r.hub->model_type) known.push_back(r.hub->model_type);
  }
  throw ValueError(
      folder,
      type == config.end()
          ? std::string("config.json names no model_type")
          : fmt::format("config.json has the model_type {}, which is not known here", type->second),
      fmt::format("known: {}", fmt::join(known, ", ")));
}

void save_hub_folder(const std::string& folder, System& system) {
  const auto& hub = system.recipe->hub;
  if (!hub || !hub->config) {
    throw ValueError(system.name, "has no folders in the layout of the Hugging Face hub",
                     "write one file: NAME.safetensors");
  }
  const fs::path weights = fs::path(folder) / hub->weights;
  make_folder(weights.parent_path());
  train::save_weights(weights.string(), *system.model);
  write_file(config_path(weights.parent_path().string()), hub->config(system.settings, system.hub));
  if (!hub->files) return;
  for (const auto& [place, text] : hub->files(system.settings)) {
    const fs::path path = fs::path(folder) / place;
    make_folder(path.parent_path());
    write_file(path.string(), text);
  }
}

}  // namespace strata::recipes
