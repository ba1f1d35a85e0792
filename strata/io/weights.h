#pragma once

#include <string>

#include "strata/io/safetensors.h"

namespace strata {

/// All tensors of a file or a model's folder, whatever its format: safetensors, one file or shards
/// with an index; PyTorch's .pth, .pt and .bin, also with an index (see PthFile). Files are known
/// by their content. A folder's safetensors are preferred to its PyTorch files. Throws FormatError,
/// named after the file and the fault, and IoError.
TensorMap load_tensors(const std::string& path);

/// The file in a folder that load_tensors takes, or nothing where it has none: the folder itself
/// for safetensors, else an index, "pytorch_model.bin", or its only file of PyTorch's.
std::string find_weights(const std::string& folder);

}  // namespace strata
