#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "strata/io/file.h"

namespace strata {

/// Throws FormatError, tagged `path`, where a file of `packed` bytes cannot honestly unpack to
/// `unpacked` bytes: more than deflate can (1032 to 1), or more than 64 MiB at over 100 to 1, which
/// only decompression bombs do.
void check_unpacked_size(const std::string& path, int64_t packed, int64_t unpacked);

/// Reads a file from front to back; one packed by gzip is unpacked on the way, with little memory.
class ByteStream {
 public:
  /// Throws IoError.
  explicit ByteStream(const std::string& path);
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  ~ByteStream();

  const std::string& path() const { return file_.path(); }
  /// Whether the file is packed.
  bool packed() const { return static_cast<bool>(inflater_); }

  /// To be called with what a header promises before memory is taken for it. Throws FormatError
  /// where that cannot be in the file.
  void expect(int64_t bytes) const;
  /// Copies exactly `bytes` bytes. Throws FormatError where the file ends before, or is damaged.
  void read(void* to, int64_t bytes);
  /// Copies up to `bytes` bytes and says how many; 0 only at the end, whose checksum is right.
  int64_t read_some(void* to, int64_t bytes);
  /// All that is left. Throws FormatError beyond `most` bytes, or where the file is damaged.
  std::string read_all(int64_t most);
  /// Throws FormatError where anything follows what was read, or the checksum is wrong.
  void expect_end();

 private:
  struct Inflater;
  int64_t inflate_some(void* to, int64_t bytes);
  bool refill();
  void end_member();

  InputFile file_;
  int64_t at_ = 0;  // in the file
  std::unique_ptr<Inflater> inflater_;
};

/// The bytes packed as one gzip file.
std::string gzip(std::string_view bytes);

}  // namespace strata
