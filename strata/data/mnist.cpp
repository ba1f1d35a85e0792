#include "strata/data/mnist.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/idx.h"
#include "strata/ops/copy.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void nothing_there(const std::string& folder,
                                const std::vector<std::string>& missing) {
  std::error_code ignored;
  if (fs::is_regular_file(folder, ignored)) {
    throw IoError(folder, "is a file; the folder that holds it is needed");
  }
  if (!fs::is_directory(folder, ignored)) throw IoError(folder, "there is no such folder");
  throw IoError(folder, fmt::format("no MNIST here: {} missing", fmt::join(missing, " and ")),
                "plain or .gz; `strata data` tells where it is published. Without --data the "
                "generated digits are used");
}

}  // namespace

std::string find_mnist_file(const std::string& folder, const std::string& name) {
  std::string dotted = name;
  if (const size_t at = name.find("-idx"); at != std::string::npos) dotted[at] = '.';
  for (const char* below : {"", "MNIST/raw", "raw"}) {
    for (const std::string& stem : {name, dotted}) {
      for (const char* end : {"", ".gz"}) {
        const fs::path path = fs::path(folder) / below / (stem + end);
        std::error_code ignored;
        if (fs::is_regular_file(path, ignored)) return path.string();
      }
    }
  }
  return {};
}

TensorDataset load_mnist(const std::string& folder, Split split) {
  const std::string part = split == Split::train ? "train" : "t10k";
  std::vector<std::string> missing;
  const auto find = [&](const std::string& name) {
    std::string path = find_mnist_file(folder, name);
    if (path.empty()) missing.push_back(name);
    return path;
  };
  const std::string image_file = find(part + "-images-idx3-ubyte");
  const std::string label_file = find(part + "-labels-idx1-ubyte");
  if (!missing.empty()) nothing_there(folder, missing);

  const Tensor labels = read_idx(label_file);
  if (labels.dtype() != DType::u8 || labels.rank() != 1) {
    throw FormatError(label_file, fmt::format("labels are u8[N], not {}", describe(labels)));
  }
  const Tensor images = read_idx(image_file);
  if (images.dtype() != DType::u8 || images.shape() != Shape{images.size(0), 28, 28}) {
    throw FormatError(image_file,
                      fmt::format("images are u8[N, 28, 28], not {}", describe(images)));
  }
  if (images.size(0) != labels.size(0)) {
    throw FormatError(label_file,
                      fmt::format("{} labels for {} images", labels.size(0), images.size(0)));
  }
  const uint8_t* label = labels.data<uint8_t>();
  const uint8_t* wrong = std::find_if(label, label + labels.numel(), [](int v) { return v > 9; });
  if (wrong != label + labels.numel()) {
    throw FormatError(label_file,
                      fmt::format("label {} is {}: 0 to 9 are possible", wrong - label, *wrong));
  }
  const Tensor channels = reshape(images, {images.size(0), 28, 28, 1});
  return TensorDataset::of_bytes(channels, cast(labels, DType::i64));
}

}  // namespace strata
