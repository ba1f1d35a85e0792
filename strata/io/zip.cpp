#include "strata/io/zip.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include <fmt/format.h>
#include <zlib.h>

#include "strata/base/error.h"
#include "strata/io/gzip.h"

namespace strata {
namespace {

constexpr int64_t kEndSize = 22, kLocatorSize = 20, kEnd64Size = 56;
constexpr int64_t kEntrySize = 46, kLocalSize = 30;
constexpr int64_t kMostComment = 65535;
constexpr int64_t kMostDirectory = int64_t{1} << 30;
constexpr uint32_t kLinkMode = 0xa;        // the kind of file in what Unix knows of it, S_IFLNK
constexpr uint32_t kAsked64 = 0xffffffff;  // the number stands in the zip64 field
constexpr size_t kPiece = 1 << 16;

/// Little-endian numbers at places that the caller has checked.
template <class T>
T number(const unsigned char* at) {
  T value = 0;
  for (size_t i = sizeof(T); i-- > 0;) value = static_cast<T>(value << 8 | at[i]);
  return value;
}

struct Directory {
  int64_t begin = 0, size = 0, count = 0;
};

struct Inflater {
  z_stream z{};
  explicit Inflater(const std::string& path) {
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
      throw OutOfMemory("zip", "no memory to unpack " + path);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&z); }
};

/// Where the directory lies, from the records at the file's end.
Directory find_directory(const InputFile& file) {
  const int64_t tail = std::min(file.size(), kEndSize + kMostComment);
  std::vector<unsigned char> bytes(static_cast<size_t>(tail));
  file.read(file.size() - tail, bytes.data(), tail);
  int64_t at = tail - kEndSize;
  const auto ends_here = [&](int64_t i) {
    return std::memcmp(bytes.data() + i, "PK\5\6", 4) == 0 &&
           number<uint16_t>(bytes.data() + i + 20) == tail - i - kEndSize;
  };
  while (at >= 0 && !ends_here(at)) --at;
  if (at < 0) throw FormatError(file.path(), "truncated, or no zip archive: it has no directory");
  const unsigned char* end = bytes.data() + at;
  Directory d{number<uint32_t>(end + 16), number<uint32_t>(end + 12), number<uint16_t>(end + 10)};
  const int64_t end_at = file.size() - tail + at;
  const bool wide = d.begin == kAsked64 || d.size == kAsked64 || d.count == 0xffff;
  if (at >= kLocatorSize && std::memcmp(end - kLocatorSize, "PK\6\7", 4) == 0) {
    const auto end64_at = static_cast<int64_t>(number<uint64_t>(end - kLocatorSize + 8));
    std::array<unsigned char, kEnd64Size> end64{};
    file.read(end64_at, end64.data(), kEnd64Size);
    if (std::memcmp(end64.data(), "PK\6\6", 4) != 0) {
      throw FormatError(file.path(), "a zip archive whose zip64 record is missing");
    }
    d.count = static_cast<int64_t>(number<uint64_t>(end64.data() + 32));
    d.size = static_cast<int64_t>(number<uint64_t>(end64.data() + 40));
    d.begin = static_cast<int64_t>(number<uint64_t>(end64.data() + 48));
  } else if (wide) {
    throw FormatError(file.path(), "a zip archive whose zip64 record is missing");
  }
  if (d.begin < 0 || d.size < 0 || d.begin > end_at || d.size > end_at - d.begin || d.count < 0 ||
      d.count > d.size / kEntrySize) {
    throw FormatError(file.path(), "a zip archive whose directory lies outside of the file");
  }
  if (d.size > kMostDirectory) {
    throw FormatError(file.path(), fmt::format("a zip archive whose directory has {} bytes: up to "
                                               "{} are read",
                                               d.size, kMostDirectory));
  }
  return d;
}

/// The numbers that stand in the zip64 field of an entry, in their order. Returns whether those
/// that are asked for are there.
bool read_wide(std::string_view extra, std::array<int64_t*, 3> asked) {
  while (extra.size() >= 4) {
    const auto* at = reinterpret_cast<const unsigned char*>(extra.data());
    const size_t size = number<uint16_t>(at + 2);
    if (size > extra.size() - 4) break;
    if (number<uint16_t>(at) == 1) {
      size_t from = 4;
      for (int64_t* value : asked) {
        if (!value) continue;
        if (from + 8 > size + 4) return false;
        *value = static_cast<int64_t>(number<uint64_t>(at + from));
        from += 8;
      }
      return true;
    }
    extra.remove_prefix(size + 4);
  }
  return std::all_of(asked.begin(), asked.end(), [](const int64_t* p) { return !p; });
}

}  // namespace

ZipFile::ZipFile(const std::string& path) : file_(path) { read_directory(); }

void ZipFile::read_directory() {
  const Directory directory = find_directory(file_);
  std::vector<unsigned char> bytes(static_cast<size_t>(directory.size));
  file_.read(directory.begin, bytes.data(), directory.size);
  const auto bad = [&](const std::string& what) { throw FormatError(path(), "zip: " + what); };
  size_t at = 0;
  for (int64_t i = 0; i < directory.count; ++i) {
    const unsigned char* head = bytes.data() + at;
    if (bytes.size() - at < kEntrySize || std::memcmp(head, "PK\1\2", 4) != 0) {
      bad(fmt::format("entry {} of the directory is damaged", i));
    }
    const size_t name = number<uint16_t>(head + 28), extra = number<uint16_t>(head + 30),
                 comment = number<uint16_t>(head + 32);
    if (name + extra + comment > bytes.size() - at - kEntrySize) bad("the directory is cut off");
    Entry e;
    const auto* text = reinterpret_cast<const char*>(head) + kEntrySize;
    e.name.assign(text, name);
    e.crc32 = number<uint32_t>(head + 16);
    e.packed = number<uint32_t>(head + 20);
    e.size = number<uint32_t>(head + 24);
    e.begin = number<uint32_t>(head + 42);  // of its own header, until it is located
    const auto asked = [](int64_t& v) { return v == kAsked64 ? &v : nullptr; };
    if (!read_wide({text + name, extra}, {asked(e.size), asked(e.packed), asked(e.begin)})) {
      bad(fmt::format("'{}' lacks its sizes", e.name));
    }
    const int method = number<uint16_t>(head + 10);
    if (number<uint16_t>(head + 8) & 1) bad(fmt::format("'{}' is encrypted", e.name));
    if (method != 0 && method != 8) {
      bad(fmt::format("'{}' is packed by method {}, not stored or deflated", e.name, method));
    }
    e.deflated = method == 8;
    e.is_link = number<uint32_t>(head + 38) >> 28 == kLinkMode;
    if (!index_.emplace(e.name, 0).second) bad(fmt::format("'{}' is in it twice", e.name));
    locate_data(e, directory.begin);
    entries_.push_back(std::move(e));
    at += kEntrySize + name + extra + comment;
  }
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.packed < b.packed;
  });
  for (size_t i = 0; i < entries_.size(); ++i) index_[entries_[i].name] = i;
  for (size_t i = 1; i < entries_.size(); ++i) {
    const Entry& before = entries_[i - 1];
    const auto least = kLocalSize + static_cast<int64_t>(entries_[i].name.size());
    if (before.begin + before.packed + least > entries_[i].begin) {
      bad(fmt::format("'{}' and '{}' overlap", before.name, entries_[i].name));
    }
  }
}

/// Replaces the place of the entry's header by that of its data.
void ZipFile::locate_data(Entry& e, int64_t directory) const {
  const auto bad = [&](const char* what) {
    throw FormatError(path(), fmt::format("zip: '{}' {}", e.name, what));
  };
  if (e.size < 0 || e.packed < 0 || e.begin < 0 || e.begin > directory - kLocalSize) {
    bad("lies outside of the archive");
  }
  std::array<unsigned char, kLocalSize> head{};
  file_.read(e.begin, head.data(), kLocalSize);
  const auto name = static_cast<int64_t>(number<uint16_t>(head.data() + 26));
  std::string stored(static_cast<size_t>(name), '\0');
  if (std::memcmp(head.data(), "PK\3\4", 4) != 0 || name > directory - e.begin - kLocalSize) {
    bad("has no header where the directory says");
  }
  file_.read(e.begin + kLocalSize, stored.data(), name);
  if (stored != e.name || number<uint16_t>(head.data() + 8) != (e.deflated ? 8 : 0)) {
    bad("has another header than the directory says");
  }
  e.begin += kLocalSize + name + number<uint16_t>(head.data() + 28);
  if (e.begin > directory || e.packed > directory - e.begin) bad("lies outside of the archive");
  if (!e.deflated && e.packed != e.size) bad("is stored in other than its size");
  if (e.deflated) check_unpacked_size(path(), e.packed, e.size);
}

const ZipFile::Entry* ZipFile::find(const std::string& name) const {
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &entries_[it->second];
}

void ZipFile::read(const Entry& entry, void* to) const {
  unpack(entry, static_cast<unsigned char*>(to));
}

void ZipFile::check(const Entry& entry) const { unpack(entry, nullptr); }

/// Into `to`, or nowhere where it is null.
void ZipFile::unpack(const Entry& e, unsigned char* to) const {
  std::vector<unsigned char> input(kPiece), output(to ? 0 : kPiece);
  Inflater inflater(path());
  uLong crc = ::crc32(0, nullptr, 0);
  int64_t taken = 0, made = 0;
  int status = Z_OK;
  while (made < e.size || (e.deflated && status != Z_STREAM_END)) {
    const auto room = static_cast<uInt>(std::min<int64_t>(kPiece, e.size - made));
    unsigned char* out = to ? to + made : output.data();
    uInt got = 0;
    if (!e.deflated) {
      file_.read(e.begin + made, out, room);
      got = room;
    } else {
      z_stream& z = inflater.z;
      if (z.avail_in == 0) {
        const int64_t piece = std::min<int64_t>(kPiece, e.packed - taken);
        file_.read(e.begin + taken, input.data(), piece);
        taken += piece;
        z.next_in = input.data();
        z.avail_in = static_cast<uInt>(piece);
      }
      unsigned char none = 0;
      z.next_out = room ? out : &none;
      z.avail_out = room;
      status = inflate(&z, Z_NO_FLUSH);
      got = room - z.avail_out;
      const bool stuck = got == 0 && z.avail_in == 0 && taken == e.packed;
      if ((status != Z_OK && status != Z_STREAM_END) || (stuck && status != Z_STREAM_END) ||
          (status == Z_STREAM_END && made + got != e.size)) {
        throw FormatError(path(), fmt::format("zip: the data of '{}' are damaged", e.name));
      }
    }
    crc = ::crc32(crc, out, got);
    made += got;
  }
  if (crc != e.crc32) {
    throw FormatError(path(), fmt::format("zip: '{}' is damaged: its checksum is wrong", e.name));
  }
}

}  // namespace strata
