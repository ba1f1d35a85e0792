#include "strata/io/archive.h"

#include <array>
#include <cstring>
#include <utility>

#include "strata/io/file.h"
#include "strata/io/gzip.h"
#include "strata/io/tar.h"
#include "strata/io/zip.h"

namespace strata {
namespace {

bool is_zip(const std::string& path) {
  const InputFile file(path);
  std::array<char, 4> magic{};
  if (file.size() < 4) return false;
  file.read(0, magic.data(), 4);
  return std::memcmp(magic.data(), "PK\3\4", 4) == 0 || std::memcmp(magic.data(), "PK\5\6", 4) == 0;
}

}  // namespace

void for_each_file(const std::string& path, FunctionRef<bool(const std::string&)> wanted,
                   FunctionRef<void(const std::string&, std::vector<uint8_t>)> take) {
  if (!is_zip(path)) {
    TarReader tar(path);
    while (const auto entry = tar.next()) {
      if (entry->is_file && wanted(entry->name)) take(entry->name, tar.content());
    }
    return;
  }
  const ZipFile zip(path);
  int64_t total = 0;
  for (const ZipFile::Entry& entry : zip.entries()) {
    if (entry.name.ends_with('/') || !wanted(entry.name)) continue;
    total += entry.size;
    check_unpacked_size(path, zip.file().size(), total);
    std::vector<uint8_t> content(static_cast<size_t>(entry.size));
    zip.read(entry, content.data());
    take(entry.name, std::move(content));
  }
}

}  // namespace strata
