#include "strata/io/safetensors.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/folder.h"
#include "strata/io/safetensors_header.h"
#include "strata/ops/copy.h"

namespace strata {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndexEnd = ".safetensors.index.json";
constexpr std::string_view kFileEnd = ".safetensors";

/// The weights of a model's folder: as in transformers model.safetensors, even beside an index, or
/// else the index, or else the only file.
std::string file_in_folder(const std::string& folder) {
  std::vector<std::string> files, indices;
  for (const std::string& entry : names_in_folder(folder)) {
    const std::string name = (fs::path(folder) / entry).string();
    if (name.ends_with(kIndexEnd)) indices.push_back(name);
    if (name.ends_with(kFileEnd)) files.push_back(name);
  }
  const std::string single = (fs::path(folder) / "model.safetensors").string();
  if (std::find(files.begin(), files.end(), single) != files.end()) return single;
  const std::string index = (fs::path(folder) / "model.safetensors.index.json").string();
  if (std::find(indices.begin(), indices.end(), index) != indices.end()) return index;
  if (indices.size() == 1) return indices[0];
  if (indices.empty() && files.size() == 1) return files[0];
  if (files.empty() && indices.empty()) throw IoError(folder, "the folder has no safetensors file");
  throw IoError(folder,
                fmt::format("the folder has {} safetensors files and {} indices", files.size(),
                            indices.size()),
                "name the file");
}

/// Rank in which the Python library lays out dtypes: wide ones first, so that all are aligned.
int layout_rank(DType dtype) {
  constexpr std::array<DType, 9> kOrder = {DType::i64, DType::f64,  DType::f32,
                                           DType::i32, DType::bf16, DType::f16,
                                           DType::i8,  DType::u8,   DType::boolean};
  return static_cast<int>(std::find(kOrder.begin(), kOrder.end(), dtype) - kOrder.begin());
}

void sort_by_name(std::vector<SafeTensorInfo>& tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
}

/// Bytes that are neither 0 nor 1 are no bool in C++; any that is not 0 means true.
void normalise_bools(Tensor& t) {
  auto* bytes = static_cast<unsigned char*>(t.raw());
  for (int64_t i = 0; i < t.numel(); ++i) bytes[i] = bytes[i] != 0;
}

}  // namespace

SafeTensors::SafeTensors(const std::string& path) : path_(path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) path_ = file_in_folder(path);
  if (path_.ends_with(kIndexEnd)) {
    open_index(path_);
  } else {
    open_file(path_);
    sort_by_name(tensors_);
  }
}

void SafeTensors::open_file(const std::string& path) {
  const auto shard = static_cast<int>(files_.size());
  files_.emplace_back(path);
  internal::SafeTensorsHeader header = internal::read_safetensors_header(files_.back());
  for (SafeTensorInfo& info : header.tensors) {
    info.shard = shard;
    tensors_.push_back(std::move(info));
  }
  metadata_.merge(header.metadata);
}

void SafeTensors::open_index(const std::string& path) {
  const auto file_of = internal::read_safetensors_index(path, read_text_file(path));
  std::map<std::string, int> shards;
  for (const auto& [tensor, file] : file_of) {
    if (file.empty() || fs::path(file).filename() != file || !file.ends_with(kFileEnd)) {
      throw FormatError(path,
                        fmt::format("tensor '{}' is said to be in '{}', which is no file name "
                                    "that ends with .safetensors",
                                    tensor, file));
    }
    if (!shards.emplace(file, static_cast<int>(files_.size())).second) continue;
    open_file((fs::path(path).parent_path() / file).string());
  }
  // A shard may hold tensors that the index gives to another one, or to none.
  std::erase_if(tensors_, [&](const SafeTensorInfo& info) {
    const auto at = file_of.find(info.name);
    return at == file_of.end() || shards[at->second] != info.shard;
  });
  sort_by_name(tensors_);
  for (const auto& [tensor, file] : file_of) {
    if (find(tensor)) continue;
    throw FormatError(
        path, fmt::format("tensor '{}' is not in '{}', where the index has it", tensor, file));
  }
}

const SafeTensorInfo* SafeTensors::find(const std::string& name) const {
  const auto at = std::lower_bound(tensors_.begin(), tensors_.end(), name,
                                   [](const auto& info, const auto& n) { return info.name < n; });
  return at == tensors_.end() || at->name != name ? nullptr : &*at;
}

Tensor SafeTensors::load(const std::string& name) const {
  const SafeTensorInfo* info = find(name);
  if (!info) throw ValueError(path_, fmt::format("has no tensor '{}'", name));
  return load(*info);
}

Tensor SafeTensors::load(const SafeTensorInfo& info) const {
  const InputFile& file = files_[static_cast<size_t>(info.shard)];
  if (!info.dtype) {
    throw FormatError(
        file.path(),
        fmt::format("tensor '{}' is {}, a dtype that Strata lacks", info.name, info.stored),
        "convert it to F32, BF16, F16, F64, I64, I32, U8, I8 or BOOL");
  }
  Tensor t = empty(info.shape, *info.dtype, kCpu, "load_safetensors");
  file.read(info.begin, t.raw(), info.end - info.begin);
  if (t.dtype() == DType::boolean) normalise_bools(t);
  return t;
}

TensorMap load_safetensors(const std::string& path) {
  const SafeTensors file(path);
  TensorMap tensors;
  for (const SafeTensorInfo& info : file.tensors()) {
    tensors.emplace_hint(tensors.end(), info.name, file.load(info.name));
  }
  return tensors;
}

void save_safetensors(const std::string& path, const TensorMap& tensors, const Metadata& metadata) {
  std::vector<std::pair<SafeTensorInfo, Tensor>> items;
  for (const auto& [name, tensor] : tensors) {
    if (name == "__metadata__") throw ValueError(path, "no tensor can be called '__metadata__'");
    if (!tensor.defined()) throw ValueError(path, fmt::format("tensor '{}' is undefined", name));
    SafeTensorInfo info;
    info.name = name;
    info.stored = internal::safetensors_name(tensor.dtype());
    info.shape = tensor.shape();
    items.emplace_back(std::move(info), tensor.detach());
  }
  std::stable_sort(items.begin(), items.end(), [](const auto& a, const auto& b) {
    return layout_rank(a.second.dtype()) < layout_rank(b.second.dtype());
  });
  std::vector<SafeTensorInfo> infos;
  int64_t at = 0;
  for (auto& [info, tensor] : items) {
    info.begin = at;
    info.end = at += tensor.numel() * size_of(tensor.dtype());
    infos.push_back(info);
  }
  const std::string header = internal::write_safetensors_header(path, infos, metadata);
  AtomicFile file(path);
  file.write(header.data(), static_cast<int64_t>(header.size()));
  for (const auto& [info, tensor] : items) {
    if (info.end == info.begin) continue;
    const Tensor rows = contiguous(tensor);
    file.write(rows.raw(), info.end - info.begin);
  }
  file.commit();
}

}  // namespace strata
