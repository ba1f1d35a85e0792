#include "strata/io/exif.h"

#include <algorithm>
#include <string_view>

namespace strata {
namespace {

using Bytes = std::span<const uint8_t>;

bool begins_with(Bytes bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::equal(text.begin(), text.end(), bytes.begin());
}

/// A number of two or four bytes; 0 where it would leave the bytes.
size_t number(Bytes bytes, size_t at, size_t width, bool big) {
  if (at > bytes.size() || width > bytes.size() - at) return 0;
  size_t value = 0;
  for (size_t i = 0; i < width; ++i) value = value << 8 | bytes[at + (big ? i : width - 1 - i)];
  return value;
}

}  // namespace

int exif_orientation(Bytes tiff) {
  constexpr size_t kOrientation = 0x0112, kShort = 3, kEntry = 12;
  const bool big = begins_with(tiff, "MM");
  if ((!big && !begins_with(tiff, "II")) || number(tiff, 2, 2, big) != 42) return 1;
  const size_t begin = number(tiff, 4, 4, big);
  const size_t entries = number(tiff, begin, 2, big);
  for (size_t i = 0; i < entries; ++i) {
    const size_t at = begin + 2 + i * kEntry;
    if (number(tiff, at, 2, big) != kOrientation) continue;
    const size_t value = number(tiff, at + 8, 2, big);
    const bool sound = number(tiff, at + 2, 2, big) == kShort && value >= 1 && value <= 8;
    return sound ? static_cast<int>(value) : 1;
  }
  return 1;
}

int jpeg_orientation(Bytes jpeg) {
  constexpr std::string_view kExif("Exif\0\0", 6);
  for (size_t at = 2; at + 4 <= jpeg.size() && jpeg[at] == 0xff;) {
    const uint8_t marker = jpeg[at + 1];
    if (marker == 0xff) {  // fills
      ++at;
      continue;
    }
    const size_t length = number(jpeg, at + 2, 2, true);
    // 0xda: the picture's data begin.
    if (marker == 0xda || length < 2 || length > jpeg.size() - at - 2) break;
    const Bytes segment = jpeg.subspan(at + 4, length - 2);
    if (marker == 0xe1 && begins_with(segment, kExif)) {
      return exif_orientation(segment.subspan(kExif.size()));
    }
    at += 2 + length;
  }
  return 1;
}

Tensor turn_upright(const Tensor& image, int orientation) {
  if (orientation == 1) return image;
  const int64_t rows = image.size(0), columns = image.size(1), channels = image.size(2);
  // EXIF names the sides on which the first row and the first column of what is stored belong.
  const bool swapped = orientation >= 5;
  const bool row_last =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool column_last = orientation == 2 || orientation == 3 || orientation >= 7;
  Tensor out = empty({swapped ? columns : rows, swapped ? rows : columns, channels}, DType::u8,
                     kCpu, "turn_upright");
  const uint8_t* from = image.data<uint8_t>();
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t row = row_last ? rows - 1 - r : r;
    for (int64_t c = 0; c < columns; ++c, from += channels) {
      const int64_t column = column_last ? columns - 1 - c : c;
      const int64_t place = swapped ? column * rows + row : row * columns + column;
      std::copy_n(from, channels, out.data<uint8_t>() + place * channels);
    }
  }
  return out;
}

}  // namespace strata
