#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "strata/io/file.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Tensors by name, in the order of the names.
using TensorMap = std::map<std::string, Tensor>;
/// Free text by name, stored in the header of a file.
using Metadata = std::map<std::string, std::string>;

/// One tensor of a safetensors file, as its header describes it.
struct SafeTensorInfo {
  std::string name;
  std::string stored;          ///< the file's word for the dtype: "F32", "BF16", ...
  std::optional<DType> dtype;  ///< ours; nothing for those that only other programs use ("F8_E4M3")
  Shape shape;
  int64_t begin = 0;  ///< first byte, from the start of the file
  int64_t end = 0;
  int shard = 0;  ///< which of the files holds it
};

/// A safetensors file whose header has been read and checked; tensors are loaded when asked for.
/// Format: https://huggingface.co/docs/safetensors. A sharded model is one such object too.
class SafeTensors {
 public:
  /// `path` is a file, an index ("*.safetensors.index.json") or the folder of a model, which holds
  /// model.safetensors, or else one index, or else one file. Throws FormatError, named after the
  /// file and the fault, where anything in a header is not as the format promises, and IoError.
  explicit SafeTensors(const std::string& path);

  /// All tensors, in the order of their names.
  const std::vector<SafeTensorInfo>& tensors() const { return tensors_; }
  const Metadata& metadata() const { return metadata_; }
  /// The files read, in the order that SafeTensorInfo::shard counts.
  const std::vector<InputFile>& files() const { return files_; }

  /// The description of that tensor, or null.
  const SafeTensorInfo* find(const std::string& name) const;

  /// Reads one tensor. Throws ValueError for an unknown name (tagged with the file), FormatError
  /// for a dtype that Strata lacks, IoError and OutOfMemory.
  Tensor load(const std::string& name) const;

 private:
  void open_file(const std::string& path);
  void open_index(const std::string& path);
  Tensor load(const SafeTensorInfo& info) const;

  std::string path_;
  std::vector<InputFile> files_;
  std::vector<SafeTensorInfo> tensors_;
  Metadata metadata_;
};

/// All tensors of a file, an index or a folder; see SafeTensors for the errors.
TensorMap load_safetensors(const std::string& path);

/// Writes the tensors in the layout, and the bytes, of the Python library, in one step (see
/// AtomicFile). Throws ValueError for undefined tensors and the name "__metadata__", IoError.
void save_safetensors(const std::string& path, const TensorMap& tensors,
                      const Metadata& metadata = {});

}  // namespace strata
