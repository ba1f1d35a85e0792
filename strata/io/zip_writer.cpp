#include "strata/io/zip_writer.h"

#include <algorithm>

#include <fmt/format.h>
#include <zlib.h>

#include "strata/base/error.h"

namespace strata {
namespace {

constexpr int64_t kMost = 0xffffffff;  // the plain form holds sizes and places of 32 bits
constexpr size_t kMostEntries = 0xfffe;

std::string little(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i, value >>= 8) out += static_cast<char>(value);
  return out;
}

std::string deflated(std::string_view bytes) {
  z_stream z{};
  if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw OutOfMemory("ZipWriter", "no memory to pack");
  }
  std::string out(deflateBound(&z, static_cast<uLong>(bytes.size())), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

}  // namespace

ZipWriter::ZipWriter(const std::string& path) : path_(path), file_(path) {}

void ZipWriter::add(const std::string& name, std::string_view bytes, bool deflate) {
  if (name.empty() || name.size() > 65535) throw ValueError(path_, "no name for an entry");
  if (std::find(names_.begin(), names_.end(), name) != names_.end()) {
    throw ValueError(path_, fmt::format("'{}' was added before", name));
  }
  if (static_cast<int64_t>(bytes.size()) > kMost - at_ || names_.size() == kMostEntries) {
    throw ValueError(path_, fmt::format("'{}' does not fit: a zip archive holds 4 GiB", name));
  }
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  const std::string packed = deflate ? deflated(bytes) : std::string();
  const std::string_view data = deflate ? std::string_view(packed) : bytes;
  constexpr uint64_t kUtf8Name = 0x800;
  const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return (c & 0x80) == 0; });
  // Version 2.0, flags, method, 1980-01-01 00:00, checksum, sizes, lengths of name and extra field.
  const std::string common = little(20, 2) + little(ascii ? 0 : kUtf8Name, 2) +
                             little(deflate ? 8 : 0, 2) + little(0, 2) + little(0x21, 2) +
                             little(crc, 4) + little(data.size(), 4) + little(bytes.size(), 4) +
                             little(name.size(), 2) + little(0, 2);
  const std::string head = "PK\3\4" + common + name;
  directory_ += "PK\1\2" + little(20, 2) + common + little(0, 10) +
                little(static_cast<uint64_t>(at_), 4) + name;
  file_.write(head.data(), static_cast<int64_t>(head.size()));
  file_.write(data.data(), static_cast<int64_t>(data.size()));
  at_ += static_cast<int64_t>(head.size() + data.size());
  names_.push_back(name);
}

void ZipWriter::commit() {
  if (at_ > kMost) throw ValueError(path_, "a zip archive holds 4 GiB");
  const std::string count = little(names_.size(), 2);
  const std::string end = directory_ + "PK\5\6" + little(0, 4) + count + count +
                          little(directory_.size(), 4) + little(static_cast<uint64_t>(at_), 4) +
                          little(0, 2);
  file_.write(end.data(), static_cast<int64_t>(end.size()));
  file_.commit();
}

}  // namespace strata
