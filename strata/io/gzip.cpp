#include "strata/io/gzip.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>
#include <zlib.h>

#include "strata/base/error.h"

namespace strata {
namespace {

constexpr int64_t kMostRatio = 1032;  // of deflate: 258 bytes from two bits
constexpr int64_t kFreeBytes = int64_t{64} << 20;
constexpr int64_t kFreeRatio = 100;
constexpr int kGzipWindow = 15 + 16;  // zlib's way to say: the gzip format, largest window

}  // namespace

struct ByteStream::Inflater {
  z_stream z{};
  std::array<unsigned char, 64 << 10> input;
  bool ended = false;

  Inflater() {
    if (inflateInit2(&z, kGzipWindow) != Z_OK) throw OutOfMemory("gzip", "no memory to unpack");
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&z); }
};

void check_unpacked_size(const std::string& path, int64_t packed, int64_t unpacked) {
  if (unpacked / kMostRatio > packed) {
    throw FormatError(path,
                      fmt::format("its header promises {} bytes, more than the {} of the file "
                                  "can unpack to",
                                  unpacked, packed));
  }
  if (unpacked > kFreeBytes && unpacked / kFreeRatio > packed) {
    throw FormatError(path,
                      fmt::format("unpacks from {} bytes to {}: refused as a decompression bomb",
                                  packed, unpacked),
                      "unpack it by hand if you trust it");
  }
}

ByteStream::ByteStream(const std::string& path) : file_(path) {
  std::array<unsigned char, 2> magic{};
  if (file_.size() >= 2) file_.read(0, magic.data(), 2);
  if (magic[0] == 0x1f && magic[1] == 0x8b) inflater_ = std::make_unique<Inflater>();
}

ByteStream::~ByteStream() = default;

void ByteStream::expect(int64_t bytes) const {
  if (packed()) return check_unpacked_size(path(), file_.size(), bytes);
  if (bytes > file_.size() - at_) {
    throw FormatError(path(), fmt::format("truncated: its header promises {} bytes, {} follow",
                                          bytes, file_.size() - at_));
  }
}

void ByteStream::read(void* to, int64_t bytes) {
  char* at = static_cast<char*>(to);
  int64_t left = bytes;
  while (left > 0) {
    const int64_t got = read_some(at, left);
    if (got == 0) {
      throw FormatError(path(), fmt::format("truncated: {} of {} bytes are missing", left, bytes));
    }
    at += got;
    left -= got;
  }
}

std::string ByteStream::read_all(int64_t most) {
  constexpr int64_t kPiece = 1 << 20;
  std::string out;
  while (true) {
    const size_t end = out.size();
    out.resize(end + kPiece);
    const int64_t got = read_some(out.data() + end, kPiece);
    out.resize(end + static_cast<size_t>(got));
    if (got == 0) return out;
    if (static_cast<int64_t>(out.size()) > most) {
      throw FormatError(path(), fmt::format("has more than {} bytes", most));
    }
  }
}

void ByteStream::expect_end() {
  char extra;
  if (read_some(&extra, 1) != 0) throw FormatError(path(), "has more data than its header says");
}

int64_t ByteStream::read_some(void* to, int64_t bytes) {
  if (packed()) return inflate_some(to, bytes);
  const int64_t got = std::min(bytes, file_.size() - at_);
  file_.read(at_, to, got);
  at_ += got;
  return got;
}

/// Brings the next packed bytes; false at the end of the file.
bool ByteStream::refill() {
  Inflater& in = *inflater_;
  const int64_t got = std::min<int64_t>(in.input.size(), file_.size() - at_);
  file_.read(at_, in.input.data(), got);
  at_ += got;
  in.z.next_in = in.input.data();
  in.z.avail_in = static_cast<unsigned>(got);
  return got > 0;
}

int64_t ByteStream::inflate_some(void* to, int64_t bytes) {
  Inflater& in = *inflater_;
  const auto wanted =
      static_cast<unsigned>(std::min<int64_t>(bytes, std::numeric_limits<int32_t>::max()));
  in.z.next_out = static_cast<unsigned char*>(to);
  in.z.avail_out = wanted;
  while (in.z.avail_out == wanted && !in.ended) {
    if (in.z.avail_in == 0 && !refill()) {
      throw FormatError(path(), "truncated: the packed data ends before its checksum");
    }
    const int status = inflate(&in.z, Z_NO_FLUSH);
    if (status == Z_MEM_ERROR) throw OutOfMemory("gzip", "no memory to unpack " + path());
    if (status == Z_STREAM_END) {
      end_member();
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      throw FormatError(path(), fmt::format("damaged gzip data: {}",
                                            in.z.msg ? in.z.msg : "it needs a dictionary"));
    }
  }
  return wanted - in.z.avail_out;
}

/// A gzip file may be several, one after the other.
void ByteStream::end_member() {
  Inflater& in = *inflater_;
  if (in.z.avail_in == 0 && !refill()) {
    in.ended = true;
  } else if (*in.z.next_in != 0x1f) {
    throw FormatError(path(), "other data follows the gzip data");
  } else {
    inflateReset(&in.z);
  }
}

std::string gzip(std::string_view bytes) {
  z_stream z{};
  if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw OutOfMemory("gzip", "no memory to pack");
  }
  std::string packed;
  std::array<unsigned char, 64 << 10> buffer;
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    // zlib counts with 32 bits, so the input goes in by pieces.
    if (z.avail_in == 0) {
      const size_t piece = std::min<size_t>(bytes.size(), size_t{1} << 30);
      z.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
      z.avail_in = static_cast<unsigned>(piece);
      bytes.remove_prefix(piece);
    }
    z.next_out = buffer.data();
    z.avail_out = buffer.size();
    status = deflate(&z, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
    packed.append(reinterpret_cast<char*>(buffer.data()), buffer.size() - z.avail_out);
  }
  deflateEnd(&z);
  return packed;
}

}  // namespace strata
