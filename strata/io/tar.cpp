#include "strata/io/tar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata {
namespace {

constexpr int64_t kBlock = 512;
constexpr int64_t kMostText = 1 << 20;  // of a name or a pax header
constexpr int64_t kPiece = 1 << 20;

using Block = std::array<char, kBlock>;

int64_t padded(int64_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

std::string_view text_at(const Block& block, size_t at, size_t length) {
  const std::string_view field(block.data() + at, length);
  return field.substr(0, field.find('\0'));
}

/// An octal number, or big-endian binary where the first bit is set (GNU); -1 if it is neither.
int64_t number_at(const Block& block, size_t at, size_t length) {
  if (block[at] & '\x80') {
    int64_t value = block[at] & 0x7f;
    for (size_t i = 1; i < length; ++i) {
      if (value >> 54) return -1;
      value = value << 8 | static_cast<unsigned char>(block[at + i]);
    }
    return value;
  }
  std::string_view digits = text_at(block, at, length);
  while (digits.starts_with(' ')) digits.remove_prefix(1);
  while (digits.ends_with(' ')) digits.remove_suffix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  if (digits.empty()) return 0;
  return error == std::errc() && end == digits.data() + digits.size() ? value : -1;
}

bool checksum_right(const Block& block) {
  int64_t sum = 8 * ' ';  // the checksum's own field counts as blanks
  for (size_t i = 0; i < block.size(); ++i) {
    if (i < 148 || i >= 156) sum += static_cast<unsigned char>(block[i]);
  }
  return number_at(block, 148, 8) == sum;
}

/// What entries before a file's own say of it.
struct Told {
  std::string path, link;
  std::optional<int64_t> size;
  bool sparse = false;

  /// The records "LENGTH KEY=VALUE\n" of a pax header that matter here; false where it is damaged.
  bool read_pax(std::string_view text) {
    std::string sparse_name;
    while (!text.empty()) {
      size_t length = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
      const auto digits = static_cast<size_t>(end - text.data());
      if (error != std::errc() || length > text.size() || length < digits + 3) return false;
      const std::string_view record = text.substr(digits + 1, length - digits - 2);
      const size_t equals = record.find('=');
      if (equals == std::string_view::npos) return false;
      const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
      if (key == "path") path = value;
      if (key == "linkpath") link = value;
      if (key.starts_with("GNU.sparse.")) sparse = true;
      if (key == "GNU.sparse.name") sparse_name = value;
      if (key == "size") {
        int64_t number = -1;
        std::from_chars(value.data(), value.data() + value.size(), number);
        if (number < 0) return false;
        size = number;
      }
      text.remove_prefix(length);
    }
    if (!sparse_name.empty()) path = sparse_name;  // "path" was made up for old readers
    return true;
  }
};

/// The name that the header itself holds.
std::string name_in(const Block& block) {
  const std::string name(text_at(block, 0, 100));
  const std::string_view prefix =
      text_at(block, 257, 6).starts_with("ustar") ? text_at(block, 345, 155) : "";
  return prefix.empty() ? name : fmt::format("{}/{}", prefix, name);
}

TarReader::Kind kind_of(char letter, bool sparse, const std::string& name) {
  switch (letter) {
    case '0':
    case '7':
    case '\0':
      if (name.ends_with('/')) return TarReader::Kind::other;  // a folder, before there was ustar
      return sparse ? TarReader::Kind::sparse : TarReader::Kind::file;
    case '1': return TarReader::Kind::hard_link;
    case '2': return TarReader::Kind::symbolic_link;
    case 'S': return TarReader::Kind::sparse;
    default: return TarReader::Kind::other;
  }
}

}  // namespace

TarReader::TarReader(const std::string& path) : in_(path), packed_(InputFile(path).size()) {}

std::optional<TarReader::Entry> TarReader::next() {
  if (ended_) return std::nullopt;
  skip(std::exchange(left_, 0));
  Told told;
  for (;;) {
    Block block;
    in_.read(block.data(), kBlock);
    if (std::all_of(block.begin(), block.end(), [](char c) { return c == 0; })) {
      expect_zeros();
      return std::nullopt;
    }
    if (!checksum_right(block)) {
      throw FormatError(in_.path(), "no tar archive, or damaged: a header's checksum is wrong");
    }
    int64_t size = number_at(block, 124, 12);
    if (told.size) size = *told.size;
    if (size < 0 || size > int64_t{1} << 50) {
      throw FormatError(in_.path(), "an entry's size is no possible number");
    }
    const char kind = block[156];
    if (kind == 'L' || kind == 'K') {
      const std::string text = read_text(size);
      (kind == 'L' ? told.path : told.link) = text.substr(0, text.find('\0'));
      continue;
    }
    if (kind == 'x' || kind == 'g') {
      const std::string text = read_text(size);
      if (kind == 'x' && !told.read_pax(text)) {
        throw FormatError(in_.path(), "a damaged pax header");
      }
      continue;
    }
    Entry entry;
    entry.name = told.path.empty() ? name_in(block) : told.path;
    entry.link = told.link.empty() ? std::string(text_at(block, 157, 100)) : told.link;
    entry.kind = kind_of(kind, told.sparse, entry.name);
    const bool has_data = kind != '1' && kind != '2' && kind != '5';
    entry.size = left_ = has_data ? size : 0;
    unpacked_ += padded(left_);
    check_unpacked_size(in_.path(), packed_, unpacked_);
    if (kind == 'S') skip_sparse_maps(block[482] != 0);
    return entry;
  }
}

std::vector<uint8_t> TarReader::content() { return take(std::exchange(left_, 0)); }

/// Memory grows with what really comes, not with what a header says.
std::vector<uint8_t> TarReader::take(int64_t size) {
  std::vector<uint8_t> bytes;
  while (static_cast<int64_t>(bytes.size()) < size) {
    const int64_t at = static_cast<int64_t>(bytes.size());
    const int64_t piece = std::min(kPiece, size - at);
    bytes.resize(static_cast<size_t>(at + piece));
    in_.read(bytes.data() + at, piece);
  }
  Block padding;
  in_.read(padding.data(), padded(size) - size);
  return bytes;
}

void TarReader::skip(int64_t size) {
  std::vector<char> buffer(static_cast<size_t>(std::min(kPiece, padded(size))));
  for (int64_t left = padded(size); left > 0;) {
    const int64_t piece = std::min(kPiece, left);
    in_.read(buffer.data(), piece);
    left -= piece;
  }
}

/// Those of a sparse file that have no room in its header stand between that and the content.
void TarReader::skip_sparse_maps(bool follows) {
  while (follows) {
    Block map;
    in_.read(map.data(), kBlock);
    follows = map[504] != 0;
  }
}

std::string TarReader::read_text(int64_t size) {
  if (size > kMostText) throw FormatError(in_.path(), "a name in the archive is absurdly long");
  const auto bytes = take(size);
  return {bytes.begin(), bytes.end()};
}

/// Behind the first empty block: another, then zeros up to a round size.
void TarReader::expect_zeros() {
  ended_ = true;
  Block block;
  in_.read(block.data(), kBlock);
  for (int64_t got = kBlock; got > 0; got = in_.read_some(block.data(), kBlock)) {
    if (std::any_of(block.begin(), block.begin() + got, [](char c) { return c != 0; })) {
      throw FormatError(in_.path(), "something follows the archive's end");
    }
  }
}

}  // namespace strata
