#include "strata/data/catalogue/data_set.h"

#include <algorithm>

#include <fmt/format.h>
#include <zlib.h>

#include "strata/base/error.h"
#include "strata/data/mnist.h"
#include "strata/io/gzip.h"
#include "strata/io/idx.h"
#include "strata/io/md5.h"

namespace strata::catalogue {
namespace {

constexpr int64_t kPiece = 1 << 16;

/// Size and checksum of the unpacked bytes.
void compare_content(const std::string& path, const DataFile& published) {
  ByteStream in(path);
  std::vector<unsigned char> buffer(kPiece);
  uLong crc = ::crc32(0, nullptr, 0);
  int64_t bytes = 0;
  // One byte more says that the file is too large, whatever it would unpack to.
  while (bytes <= published.bytes) {
    const int64_t got = in.read_some(buffer.data(), std::min(published.bytes + 1 - bytes, kPiece));
    if (got == 0) break;
    crc = ::crc32(crc, buffer.data(), static_cast<uInt>(got));
    bytes += got;
  }
  if (bytes > published.bytes) {
    throw FormatError(path, fmt::format("has more than the published {} bytes", published.bytes));
  }
  if (bytes < published.bytes) {
    throw FormatError(path, fmt::format("has {} bytes, published were {}", bytes, published.bytes));
  }
  if (published.crc32 != 0 && crc != published.crc32) {
    throw FormatError(path, fmt::format("its content has the checksum {:08x}, published was {:08x}",
                                        crc, published.crc32));
  }
}

}  // namespace

const DataSetInfo& find_data_set(const std::string& name) {
  std::vector<std::string> names;
  for (const DataSetInfo& info : all_data_sets()) {
    if (info.name == name) return info;
    names.push_back(info.name);
  }
  throw ValueError("data", fmt::format("no data set '{}'", name),
                   fmt::format("there are {}", fmt::join(names, ", ")));
}

std::string check_file(const std::string& path, const DataFile& published, bool exact) {
  if (!published.shape.empty()) {  // before the size, which says less of a sound array
    const Shape shape = read_idx(path).shape();
    if (shape != published.shape) {
      throw FormatError(path, fmt::format("it holds an array {}, published was {}",
                                          to_string(shape), to_string(published.shape)));
    }
  }
  compare_content(path, published);
  bool same = published.crc32 != 0;
  if (!same && !published.md5.empty() && ByteStream(path).packed()) {
    const Tensor file = read_file(path);
    same = md5({reinterpret_cast<const char*>(file.data<uint8_t>()),
                static_cast<size_t>(file.numel())}) == published.md5;
  }
  if (exact && !same) throw FormatError(path, "its checksum is not the published one");
  return fmt::format("{}, {}", published.what, same ? "as published" : "of the published size");
}

std::vector<FileVerdict> verify(const DataSetInfo& info, const std::string& folder) {
  if (info.files.empty()) {
    throw ValueError("data",
                     fmt::format("{} is generated: there are no files to check", info.name));
  }
  std::vector<FileVerdict> verdicts;
  for (const DataFile& file : info.files) {
    const std::string path = find_mnist_file(folder, file.name);
    if (path.empty()) {
      verdicts.push_back({file.name, false, "missing (plain or .gz)"});
      continue;
    }
    try {
      verdicts.push_back({file.name, true, check_file(path, file)});
    } catch (const Error& e) {
      verdicts.push_back({file.name, false, e.what()});
    }
  }
  return verdicts;
}

}  // namespace strata::catalogue
