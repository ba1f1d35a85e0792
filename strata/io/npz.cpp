#include "strata/io/npz.h"

#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/gzip.h"
#include "strata/io/npy.h"
#include "strata/io/zip.h"
#include "strata/io/zip_writer.h"

namespace strata {
namespace {

constexpr std::string_view kExtension = ".npy";

}  // namespace

TensorMap read_npz(const std::string& path) {
  const ZipFile zip(path);
  int64_t total = 0;
  for (const ZipFile::Entry& entry : zip.entries()) {
    total += entry.size;
    check_unpacked_size(path, zip.file().size(), total);
  }
  TensorMap out;
  for (const ZipFile::Entry& entry : zip.entries()) {
    if (!entry.name.ends_with(kExtension)) {
      throw FormatError(path, fmt::format("'{}' in it is no array of numpy's", entry.name));
    }
    std::vector<uint8_t> bytes(static_cast<size_t>(entry.size));
    zip.read(entry, bytes.data());
    const std::string name = entry.name.substr(0, entry.name.size() - kExtension.size());
    out[name] = decode_npy(fmt::format("{}:{}", path, entry.name), bytes);
  }
  return out;
}

void write_npz(const std::string& path, const TensorMap& tensors, bool compress) {
  ZipWriter zip(path);
  for (const auto& [name, t] : tensors) {
    zip.add(name + std::string(kExtension), encode_npy(t), compress);
  }
  zip.commit();
}

}  // namespace strata
