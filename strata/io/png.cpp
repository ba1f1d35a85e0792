#include "strata/io/png.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <png.h>

#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/io/gzip.h"
#include "strata/ops/copy.h"

namespace strata {
namespace {

constexpr std::string_view kMagic = "\x89PNG\r\n\x1a\n";

/// Frees what libpng holds for an image.
struct Image : png_image {
  Image() : png_image{} { version = PNG_IMAGE_VERSION; }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
  ~Image() { png_image_free(this); }
};

uint32_t big_endian(const uint8_t* at) {
  return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | at[3];
}

/// Walks the chunks, so that a file cut off anywhere is noticed, and checks that the size in its
/// header is one that this many bytes can hold.
void check_chunks(const std::string& path, std::span<const uint8_t> file,
                  const ImageOptions& options) {
  const uint8_t* bytes = file.data();
  const auto size = static_cast<int64_t>(file.size());
  if (size < 8 || std::memcmp(bytes, kMagic.data(), 8) != 0) {
    throw FormatError(path, size < 8 ? "truncated: shorter than a PNG signature" : "no PNG file");
  }
  bool ended = false;
  int64_t at = 8;
  while (!ended) {
    if (size - at < 12) throw FormatError(path, "truncated: the PNG has no end");
    const int64_t length = big_endian(bytes + at);
    const std::string_view type(reinterpret_cast<const char*>(bytes) + at + 4, 4);
    if (length > size - at - 12) {
      throw FormatError(
          path, fmt::format("truncated: a chunk at byte {} should have {} bytes", at, length));
    }
    if (at == 8 && (type != "IHDR" || length != 13)) throw FormatError(path, "PNG without header");
    ended = type == "IEND";
    at += 12 + length;
  }
  if (at != size) throw FormatError(path, fmt::format("{} bytes follow the PNG's end", size - at));

  const int64_t width = big_endian(bytes + 16), height = big_endian(bytes + 20);
  if (width < 1 || height < 1 || width > options.most_pixels / height) {
    throw FormatError(path, fmt::format("an image of {} x {} pixels: 1 to {} are possible", width,
                                        height, options.most_pixels));
  }
  const int colours = bytes[25] == 2 ? 3 : bytes[25] == 4 ? 2 : bytes[25] == 6 ? 4 : 1;
  check_unpacked_size(path, size, (width * bytes[24] * colours + 7) / 8 * height);
}

/// The file without its chunks on gamma and colour spaces, by which libpng would change the pixels
/// and PIL does not. The chunks have been checked. Empty if there are none.
std::string without_colour_spaces(std::span<const uint8_t> file) {
  constexpr std::array<std::string_view, 5> kColour = {"gAMA", "cHRM", "iCCP", "sRGB", "cICP"};
  const std::string_view bytes(reinterpret_cast<const char*>(file.data()), file.size());
  std::string kept;
  size_t copied = 0;
  for (size_t at = kMagic.size(); at < bytes.size();) {
    const size_t end = at + 12 + big_endian(file.data() + at);
    if (std::find(kColour.begin(), kColour.end(), bytes.substr(at + 4, 4)) != kColour.end()) {
      kept += bytes.substr(copied, at - copied);
      copied = end;
    }
    at = end;
  }
  return copied == 0 ? kept : kept += bytes.substr(copied);
}

/// The channels that libpng is asked for: those of the file.
int stored_format(const Image& image) {
  return static_cast<int>(image.format & (PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA));
}

/// ITU-R 601 luminance in PIL's fixed-point arithmetic.
uint8_t grey_of(const uint8_t* rgb) {
  return static_cast<uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
}

uint8_t on_white(int value, int opacity) {
  return static_cast<uint8_t>((value * opacity + 255 * (255 - opacity) + 127) / 255);
}

/// One pixel of `from` channels (1 grey, 2 with opacity, 3 RGB, 4 with opacity) as `to` channels.
void convert_pixel(const uint8_t* in, int from, uint8_t* out, int to) {
  std::array<uint8_t, 4> rgba{};
  const bool colour = from >= 3;
  for (size_t c = 0; c < 3; ++c) rgba[c] = in[colour ? c : 0];
  rgba[3] = from % 2 == 0 ? in[from - 1] : 255;
  if (to != 4) {
    for (size_t c = 0; c < 3; ++c) rgba[c] = on_white(rgba[c], rgba[3]);
  }
  if (to == 1) {
    out[0] = colour ? grey_of(rgba.data()) : rgba[0];
  } else {
    std::memcpy(out, rgba.data(), static_cast<size_t>(to));
  }
}

}  // namespace

Tensor decode_png(const std::string& path, std::span<const uint8_t> file,
                  const ImageOptions& options) {
  if (options.channels != 1 && options.channels != 3 && options.channels != 4) {
    throw ValueError("read_png",
                     fmt::format("{} channels: 1, 3 or 4 are possible", options.channels));
  }
  check_chunks(path, file, options);
  const std::string plain = without_colour_spaces(file);
  if (!plain.empty()) file = {reinterpret_cast<const uint8_t*>(plain.data()), plain.size()};
  Image image;
  const auto check = [&](int ok) {
    if (!ok) throw FormatError(path, fmt::format("damaged PNG: {}", image.message));
  };
  check(png_image_begin_read_from_memory(&image, file.data(), file.size()));
  // Without this, 16 bits a channel would be taken for linear light.
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  image.format = static_cast<png_uint_32>(stored_format(image));
  const int stored = static_cast<int>(PNG_IMAGE_PIXEL_CHANNELS(image.format));
  const int64_t height = image.height, width = image.width;
  Tensor pixels = empty({height, width, stored}, DType::u8, kCpu, "read_png");
  check(png_image_finish_read(&image, nullptr, pixels.raw(), 0, nullptr));
  if (stored == options.channels) return pixels;
  Tensor out = empty({height, width, options.channels}, DType::u8, kCpu, "read_png");
  const uint8_t* from = pixels.data<uint8_t>();
  uint8_t* to = out.data<uint8_t>();
  for (int64_t i = 0; i < height * width; ++i) {
    convert_pixel(from + i * stored, stored, to + i * options.channels, options.channels);
  }
  return out;
}

Tensor read_png(const std::string& path, const ImageOptions& options) {
  const Tensor file = read_file(path);
  return decode_png(path, {file.data<uint8_t>(), static_cast<size_t>(file.numel())}, options);
}

std::string encode_png(const Tensor& image) {
  if (image.dtype() != DType::u8) {
    throw DTypeError("write_png", fmt::format("needs u8, got {}", describe(image)));
  }
  const int64_t channels = image.rank() == 3 ? image.size(2) : 1;
  const bool flat = image.rank() == 2 || image.rank() == 3;
  if (!flat || image.numel() == 0 || (channels != 1 && channels != 3 && channels != 4) ||
      image.size(0) > std::numeric_limits<int32_t>::max() / 4 / image.size(1)) {
    throw ShapeError("write_png", fmt::format("needs [H, W] or [H, W, C], C 1, 3 or 4, up to 2^29 "
                                              "pixels; got {}",
                                              describe(image)));
  }
  const Tensor rows = contiguous(image.detach());
  Image png;
  png.height = static_cast<png_uint_32>(rows.size(0));
  png.width = static_cast<png_uint_32>(rows.size(1));
  png.format = channels == 1 ? PNG_FORMAT_GRAY : channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_RGBA;
  png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::string packed(bytes, '\0');
  if (!png_image_write_to_memory(&png, packed.data(), &bytes, 0, rows.raw(), 0, nullptr)) {
    throw FormatError("write_png", fmt::format("cannot pack the picture: {}", png.message));
  }
  packed.resize(bytes);
  return packed;
}

void write_png(const std::string& path, const Tensor& image) {
  write_file(path, encode_png(image));
}

}  // namespace strata
