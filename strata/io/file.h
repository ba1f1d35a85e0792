#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "strata/tensor/tensor.h"

namespace strata {

/// A regular file open for reading at any place. Errors are tagged with its path.
class InputFile {
 public:
  /// Throws IoError where the file cannot be opened or is no regular file.
  explicit InputFile(std::string path);
  InputFile(InputFile&& o) noexcept;
  InputFile& operator=(InputFile&& o) noexcept;
  ~InputFile();

  const std::string& path() const { return path_; }
  int64_t size() const { return size_; }

  /// Copies exactly `bytes` bytes from `offset` on. Throws FormatError where the file is shorter
  /// than that and IoError where the system refuses.
  void read(int64_t offset, void* to, int64_t bytes) const;

 private:
  std::string path_;
  int fd_ = -1;
  int64_t size_ = 0;
};

/// The whole file in 64-byte aligned memory; u8[size]. Throws IoError; OutOfMemory.
Tensor read_file(const std::string& path);

/// The whole file as text. Throws FormatError where it has more than `most` bytes; IoError.
std::string read_text_file(const std::string& path, int64_t most = int64_t{64} << 20);

/// A file that appears under its name complete or not at all: what is written goes to a temporary
/// file beside it ("NAME.tmp"), which commit() puts in place. After a crash at any moment the name
/// holds the old content or the new one. A temporary left behind by a killed process is used again
/// by the next writer.
class AtomicFile {
 public:
  /// Throws IoError where the folder does not exist or cannot be written to.
  explicit AtomicFile(std::string path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  /// Removes the temporary file unless commit() succeeded.
  ~AtomicFile();

  /// Throws IoError, for instance on a full disk.
  void write(const void* data, int64_t bytes);

  /// Flushes to the disk, renames, flushes the folder. Throws IoError; the old content then stays.
  void commit();

 private:
  bool lock_temporary(const std::string& name);
  [[noreturn]] void fail(std::string_view doing, int error) const;

  std::string path_;
  std::string target_;
  std::string temporary_;
  int fd_ = -1;
};

/// Replaces the file's content in one step, see AtomicFile. Throws IoError.
void write_file(const std::string& path, std::string_view content);

/// Writes behind the end of the file, which is made where there is none. Throws IoError with the
/// system's reason.
void append_file(const std::string& path, std::string_view content);

}  // namespace strata
