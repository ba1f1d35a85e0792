#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "strata/io/file.h"

namespace strata {

/// A zip archive whose directory has been read and checked: entries lie inside of the file, do not
/// overlap, are not encrypted, each has a name of its own, and none promises more than it can
/// unpack to. Stored and deflated entries, also of the zip64 form.
class ZipFile {
 public:
  struct Entry {
    std::string name;
    int64_t size = 0;    ///< unpacked
    int64_t packed = 0;  ///< in the file
    int64_t begin = 0;   ///< of its data, from the start of the file
    uint32_t crc32 = 0;  ///< of what is unpacked
    bool deflated = false;
    bool is_link = false;  ///< a symbolic link: where it leads is its content
  };

  /// Throws FormatError, named after the file and the fault, and IoError.
  explicit ZipFile(const std::string& path);

  const std::string& path() const { return file_.path(); }
  const InputFile& file() const { return file_; }
  /// In the order of their places in the file.
  const std::vector<Entry>& entries() const { return entries_; }
  /// The entry of that name, or null.
  const Entry* find(const std::string& name) const;

  /// Unpacks an entry into `to`, which has room for its size. Throws FormatError where the data are
  /// damaged or the checksum is wrong.
  void read(const Entry& entry, void* to) const;
  /// Unpacks and forgets it: throws as read() does.
  void check(const Entry& entry) const;

 private:
  void read_directory();
  void locate_data(Entry& entry, int64_t directory) const;
  void unpack(const Entry& entry, unsigned char* to) const;

  InputFile file_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string, size_t> index_;  // by name
};

}  // namespace strata
