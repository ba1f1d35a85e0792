#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "strata/io/gzip.h"

namespace strata {

/// Walks a tar archive, plain or packed by gzip, from front to back:
///
///   TarReader tar(path);
///   while (auto entry = tar.next()) { if (entry->is_file) use(entry->name, tar.content()); }
///
/// Takes the POSIX (ustar, pax) and GNU forms; links, devices and sparse files are passed over as
/// entries that are no files. Throws IoError, and FormatError for an archive that is cut off, has a
/// wrong checksum or promises more than it can hold.
class TarReader {
 public:
  struct Entry {
    std::string name;
    int64_t size = 0;
    bool is_file = false;
  };

  explicit TarReader(const std::string& path);

  /// The next entry; nothing at the end, which is reached once all of the file has been checked.
  std::optional<Entry> next();
  /// The bytes of the entry that next() gave, once.
  std::vector<uint8_t> content();

 private:
  std::vector<uint8_t> take(int64_t size);
  void skip(int64_t size);
  void expect_zeros();
  std::string read_text(int64_t size);

  ByteStream in_;
  int64_t packed_;        // bytes of the file
  int64_t unpacked_ = 0;  // bytes that entries have promised
  int64_t left_ = 0;      // of the entry in hand
  bool ended_ = false;
};

}  // namespace strata
