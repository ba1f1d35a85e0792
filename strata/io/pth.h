#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "strata/io/safetensors.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// One tensor of a file of PyTorch's.
struct PthTensorInfo {
  std::string name;
  std::string stored;          ///< "FloatStorage"; the dtypes without one: "float8_e5m2"
  std::optional<DType> dtype;  ///< nothing for those that Strata lacks ("ShortStorage")
  int64_t width = 0;           ///< of an element, in bytes
  Shape shape;
  Strides strides;       ///< in elements, within the storage
  int64_t offset = 0;    ///< in elements
  int storage = 0;       ///< which of the file's storages; tensors may share one
  bool negated = false;  ///< its numbers are the storage's with the other sign
};

/// A state dict that torch.save wrote (.pth, .pt, pytorch_model.bin), as a zip archive or in the
/// form before PyTorch 1.6. Nothing in it is executed: its pickle may hold tensors, parameters and
/// plain data, and anything else is an error that names it. Dicts in dicts give dotted names; the
/// wrappers "state_dict", "model" and the like of whole checkpoints are taken off, and so is
/// "module." where all names begin with it.
class PthFile {
 public:
  /// Throws FormatError, named after the file and the fault, and IoError.
  explicit PthFile(const std::string& path);
  ~PthFile();

  /// In the order of their names.
  const std::vector<PthTensorInfo>& tensors() const;
  /// Numbers and texts beside the tensors, such as an epoch.
  const Metadata& metadata() const;
  const std::string& path() const;

  /// Reads all tensors; those that share a storage share memory, but for negated ones with others,
  /// and strided ones stay strided. Throws FormatError for damaged data and dtypes that Strata
  /// lacks, OutOfMemory.
  TensorMap load() const;
  /// Goes through all bytes without keeping them. Throws FormatError.
  void check() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// All tensors of such a file; see PthFile.
TensorMap load_pth(const std::string& path);

/// Whether a file begins like one of PyTorch's: a zip archive, or a pickle of its magic number.
/// Throws IoError.
bool is_pth(const std::string& path);

}  // namespace strata
