#include "strata/data/catalogue/data_set.h"

#include <algorithm>

#include <fmt/format.h>
#include <zlib.h>

#include "strata/base/error.h"
#include "strata/data/mnist.h"
#include "strata/io/gzip.h"

namespace strata::catalogue {
namespace {

constexpr int64_t kPiece = 1 << 16;

/// Throws FormatError where the file differs from what was published.
void compare(const std::string& path, const DataFile& published) {
  ByteStream in(path);
  in.expect(published.bytes);
  std::vector<unsigned char> buffer(kPiece);
  uLong crc = ::crc32(0, nullptr, 0);
  for (int64_t left = published.bytes; left > 0;) {
    const int64_t piece = std::min(left, kPiece);
    in.read(buffer.data(), piece);
    crc = ::crc32(crc, buffer.data(), static_cast<uInt>(piece));
    left -= piece;
  }
  in.expect_end();
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
      compare(path, file);
      verdicts.push_back({file.name, true,
                          fmt::format("{}, {}", file.what,
                                      file.crc32 ? "as published" : "of the published size")});
    } catch (const Error& e) {
      verdicts.push_back({file.name, false, e.what()});
    }
  }
  return verdicts;
}

}  // namespace strata::catalogue
