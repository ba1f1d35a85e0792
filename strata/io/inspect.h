#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "strata/base/shape.h"

namespace strata {

/// What a file holds, for people to read.
struct FileReport {
  struct Entry {
    std::string name;   ///< empty in formats without names
    std::string dtype;  ///< ours ("f32"), or the file's own word for one that Strata lacks
    Shape shape;
    int64_t bytes = 0;
  };

  std::string path;
  std::string format;  ///< "safetensors", "PyTorch", "npy", "npz", "IDX", "PNG", "JPEG"
  int64_t bytes = 0;   ///< of the file, or of all files of a sharded model
  std::vector<Entry> tensors;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<std::string> remarks;  ///< what keeps the content from being used; empty if nothing
};

/// Recognises a file by its content, or the folder of a safetensors model, and checks all of it.
/// Throws FormatError, named after the file and the fault, where it is damaged or of no known
/// format, and IoError.
FileReport inspect_file(const std::string& path);

}  // namespace strata
