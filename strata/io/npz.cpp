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

/// Calls take(name, name for errors, bytes) for each array.
template <class Take>
void for_each_array(const std::string& path, const Take& take) {
  const ZipFile zip(path);
  int64_t total = 0;
  for (const ZipFile::Entry& entry : zip.entries()) {
    total += entry.size;
    check_unpacked_size(path, zip.file().size(), total);
  }
  for (const ZipFile::Entry& entry : zip.entries()) {
    if (!entry.name.ends_with(kExtension)) {
      throw FormatError(path, fmt::format("'{}' in it is no array of numpy's", entry.name));
    }
    std::vector<uint8_t> bytes(static_cast<size_t>(entry.size));
    zip.read(entry, bytes.data());
    take(entry.name.substr(0, entry.name.size() - kExtension.size()),
         fmt::format("{}:{}", path, entry.name), bytes);
  }
}

}  // namespace

TensorMap read_npz(const std::string& path) {
  TensorMap out;
  for_each_array(path, [&](const std::string& name, const std::string& where, const auto& bytes) {
    out[name] = decode_npy(where, bytes);
  });
  return out;
}

std::map<std::string, NpyInfo> npz_info(const std::string& path) {
  std::map<std::string, NpyInfo> out;
  for_each_array(path, [&](const std::string& name, const std::string& where, const auto& bytes) {
    out[name] = npy_info(where, bytes);
  });
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
