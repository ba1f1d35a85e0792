#include "recipes/shared/hub_folder.h"

#include <filesystem>
#include <set>
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
constexpr const char* kPad = "pad_token_id";

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

JsonValue read_object(const std::string& path) {
  JsonValue json = parse_json(path, read_text_file(path, kMostBytes), kDeepest);
  if (!json.is_object()) throw FormatError(path, "is no JSON object");
  return json;
}

HubConfig flattened(const JsonValue& json) {
  HubConfig config;
  flatten("", json, config);
  return config;
}

/// The files beside an index that it puts tensors into; none for one that is damaged.
std::set<fs::path> shards_of(const fs::path& index) {
  std::set<fs::path> shards;
  try {
    const JsonValue json = read_json(index.string());
    const JsonValue* files = json.find("weight_map");
    if (!files) return {};
    for (const auto& [tensor, file] : files->members()) {
      const fs::path name = file.is_string() ? file.as<std::string>() : "";
      const bool beside = name == name.filename() && name.extension() == ".safetensors";
      if (beside) shards.insert(index.parent_path() / name);
    }
  } catch (const FormatError&) {
    return {};
  }
  return shards;
}

/// Removes the index and the shards of what a folder held before `weights`, which readers would
/// prefer. The index first: without shards it would be damage, shards without it are only waste.
void remove_shards(const fs::path& weights) {
  const fs::path index = weights.string() + ".index.json";
  if (!fs::exists(index)) return;
  std::set<fs::path> old = shards_of(index);
  old.erase(weights);
  std::error_code error;
  fs::remove(index, error);
  if (error) throw IoError(index.string(), "cannot be removed: " + error.message());
  for (const fs::path& shard : old) {
    fs::remove(shard, error);
    if (error) throw IoError(shard.string(), "cannot be removed: " + error.message());
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

HubConfig read_hub_config(const std::string& folder) {
  const JsonValue json = read_object(config_path(network_folder(folder)));
  HubConfig config = flattened(json);
  const JsonValue* pad = json.find(kPad);
  if (pad && pad->is_null()) config[kPad] = "-1";
  for (const char* name : {"scheduler/scheduler_config.json", "scheduler_config.json"}) {
    const fs::path path = fs::path(folder) / name;
    if (!fs::exists(path)) continue;
    for (auto& [key, value] : flattened(read_object(path.string()))) {
      config["scheduler." + key] = value;
    }
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
  remove_shards(weights);
  write_file(config_path(weights.parent_path().string()), hub->config(system.settings, system.hub));
  if (!hub->files) return;
  for (const auto& [place, text] : hub->files(system.settings)) {
    const fs::path path = fs::path(folder) / place;
    make_folder(path.parent_path());
    write_file(path.string(), text);
  }
}

}  // namespace strata::recipes
