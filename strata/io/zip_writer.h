#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "strata/io/file.h"

namespace strata {

/// Writes a zip archive, which appears under its name once it is complete (see AtomicFile). The
/// same entries make the same bytes.
class ZipWriter {
 public:
  /// Throws IoError.
  explicit ZipWriter(const std::string& path);

  /// Throws ValueError for an empty name, one that was added before and one of more than 65535
  /// bytes, and for more than 4 GiB in all, which the plain form cannot hold; IoError.
  void add(const std::string& name, std::string_view bytes, bool deflate = false);
  /// Writes the directory and puts the file in place. Throws IoError.
  void commit();

 private:
  std::string path_;
  AtomicFile file_;
  std::string directory_;
  std::vector<std::string> names_;
  int64_t at_ = 0;
};

}  // namespace strata
