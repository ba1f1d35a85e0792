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
///   while (auto entry = tar.next()) {
///     if (entry->kind == TarReader::Kind::file) use(entry->name, tar.content());
///   }
///
/// Takes the POSIX (ustar, pax) and GNU forms. Throws IoError, and FormatError for an archive that
/// is cut off, has a wrong checksum or promises more than it can hold.
class TarReader {
 public:
  enum class Kind {
    file,
    hard_link,      ///< another name of a file
    symbolic_link,  ///< a path from its own folder
    sparse,         ///< a file stored without its holes: content() are packed bytes
    other,          ///< a folder, a device and the like
  };
  struct Entry {
    std::string name;
    std::string link;  ///< where a link leads
    int64_t size = 0;
    Kind kind = Kind::other;
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
  void skip_sparse_maps(bool follows);

  ByteStream in_;
  int64_t packed_;        // bytes of the file
  int64_t unpacked_ = 0;  // bytes that entries have promised
  int64_t left_ = 0;      // of the entry in hand
  bool ended_ = false;
};

}  // namespace strata
