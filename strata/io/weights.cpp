#include "strata/io/weights.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/folder.h"
#include "strata/io/pth.h"
#include "strata/io/safetensors_header.h"

namespace strata {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPthIndex = ".bin.index.json";

/// The tensors of shards, as an index says which file holds each.
TensorMap load_pth_shards(const std::string& index) {
  const auto file_of = internal::read_safetensors_index(index, read_text_file(index));
  std::map<std::string, TensorMap> shards;
  TensorMap out;
  for (const auto& [tensor, file] : file_of) {
    if (file.empty() || fs::path(file).filename() != file) {
      throw FormatError(
          index,
          fmt::format("tensor '{}' is said to be in '{}', which is no file name", tensor, file));
    }
    const auto [shard, fresh] = shards.try_emplace(file);
    if (fresh) shard->second = load_pth((fs::path(index).parent_path() / file).string());
    const auto found = shard->second.find(tensor);
    if (found == shard->second.end()) {
      throw FormatError(
          index, fmt::format("tensor '{}' is not in '{}', where the index has it", tensor, file));
    }
    out.insert(*found);
  }
  return out;
}

}  // namespace

std::string find_weights(const std::string& folder) {
  std::vector<std::string> indices, files;
  for (const std::string& name : names_in_folder(folder)) {
    const fs::path path = fs::path(folder) / name;
    if (name.ends_with(".safetensors") || name.ends_with(".safetensors.index.json")) return folder;
    if (name.ends_with(kPthIndex)) indices.push_back(path.string());
    const std::string end = path.extension().string();
    const bool other = name == "training_args.bin" || name == "optimizer.pt" ||
                       name == "scheduler.pt" || name == "rng_state.pth";
    if (!other && (end == ".bin" || end == ".pth" || end == ".pt")) files.push_back(path.string());
  }
  if (indices.size() == 1) return indices[0];
  const std::string usual = (fs::path(folder) / "pytorch_model.bin").string();
  if (std::find(files.begin(), files.end(), usual) != files.end()) return usual;
  return files.size() == 1 && indices.empty() ? files[0] : "";
}

TensorMap load_tensors(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    const std::string file = find_weights(path);
    if (file.empty()) throw IoError(path, "the folder holds no file of weights, or several");
    return file == path ? load_safetensors(path) : load_tensors(file);
  }
  if (path.ends_with(kPthIndex)) return load_pth_shards(path);
  if (path.ends_with(".safetensors.index.json")) return load_safetensors(path);
  return is_pth(path) ? load_pth(path) : load_safetensors(path);
}

}  // namespace strata
