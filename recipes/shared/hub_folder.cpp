#include "recipes/shared/hub_folder.h"

#include <filesystem>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "recipes/shared/system.h"
#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/train/checkpoint.h"

namespace strata::recipes {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int kDeepest = 16;
constexpr int64_t kMostBytes = int64_t{16} << 20;

std::string config_path(const std::string& folder) {
  return (fs::path(folder) / "config.json").string();
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void flatten(const std::string& file, const std::string& path, const Json& value, int depth,
             HubConfig& out) {
  if (depth > kDeepest) throw FormatError(file, "is nested too deep");
  if (value.is_null()) return;
  if (!value.is_structured()) {
    out[path] = text_of(value);
    return;
  }
  const std::string prefix = path.empty() ? "" : path + ".";
  size_t index = 0;
  for (const auto& item : value.items()) {
    const std::string key = value.is_array() ? std::to_string(index++) : item.key();
    flatten(file, prefix + key, item.value(), depth + 1, out);
  }
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
  const std::string text = read_text_file(path, kMostBytes);
  HubConfig config;
  try {
    const Json json = Json::parse(text);
    if (!json.is_object()) throw FormatError(path, "is no JSON object");
    flatten(path, "", json, 0, config);
  } catch (const Json::exception& e) {
    throw FormatError(path, std::string("is no valid JSON: ") + e.what());
  }
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
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw IoError(folder, "cannot make the folder: " + error.message());
  train::save_weights((fs::path(folder) / "model.safetensors").string(), *system.model);
  write_file(config_path(folder), hub->config(system.settings, system.hub));
}

}  // namespace strata::recipes
