#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "strata/io/pickle.h"
#include "strata/io/pth.h"

namespace strata::internal {

/// A block of numbers that tensors view.
struct PthStorage {
  std::string key;
  std::optional<DType> dtype;
  int64_t count = 0;
  int64_t bytes = 0;
};

/// What the pickle of a file of PyTorch's says.
struct PthContent {
  std::vector<PthTensorInfo> tensors;  ///< in the order of their names
  std::vector<PthStorage> storages;
  Metadata metadata;
};

/// Finds the tensors in the pickle. Throws FormatError, tagged `path`, for tensors that leave their
/// storage, names that stand twice, and content that is nested without end.
PthContent interpret_pth(const std::string& path, const PickleTree& tree);

}  // namespace strata::internal
