#include "strata/io/png.h"

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <png.h>

#include "strata/base/error.h"
#include "strata/io/exif.h"
#include "strata/io/file.h"
#include "strata/io/gzip.h"
#include "strata/ops/copy.h"

namespace strata {
namespace {

constexpr std::string_view kMagic = "\x89PNG\r\n\x1a\n";

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

/// How the camera was held, as a file whose chunks were checked says; see exif_orientation.
int orientation_of(std::span<const uint8_t> file) {
  for (size_t at = 8; at < file.size();) {
    const size_t length = big_endian(file.data() + at);
    if (std::memcmp(file.data() + at + 4, "eXIf", 4) == 0) {
      return exif_orientation(file.subspan(at + 8, length));
    }
    at += 12 + length;
  }
  return 1;
}

/// libpng at work on a file, by its plain interface: the simple one (png_image) mixes up the pixels
/// of interlaced files of 16 bits. libpng gives up by a jump, which would leave out destructors, so
/// each call that may end so is in a function without any, which tells by false.
class Decoder {
 public:
  Decoder(const std::string& path, std::span<const uint8_t> file) : left_(file) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, give_up, [](auto, auto) {});
    if (png_) info_ = png_create_info_struct(png_);
    if (info_ && begin()) return;
    png_destroy_read_struct(&png_, &info_, nullptr);
    if (fault_[0] == 0) throw OutOfMemory("read_png", "no memory to unpack " + path);
    throw FormatError(path, fmt::format("damaged PNG: {}", fault_.data()));
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { png_destroy_read_struct(&png_, &info_, nullptr); }

  int64_t height() const { return png_get_image_height(png_, info_); }
  int64_t width() const { return png_get_image_width(png_, info_); }
  /// 1 grey, 2 with opacity, 3 RGB, 4 with opacity; 8 bits each.
  int channels() const { return png_get_channels(png_, info_); }

  bool read_pixels(uint8_t* to) {
    if (setjmp(png_jmpbuf(png_))) return false;
    const size_t rows = png_get_image_height(png_, info_), bytes = png_get_rowbytes(png_, info_);
    for (int pass = 0; pass < passes_; ++pass) {
      for (size_t row = 0; row < rows; ++row) png_read_row(png_, to + row * bytes, nullptr);
    }
    return true;
  }
  /// Why it gave up.
  const char* fault() const { return fault_.data(); }

 private:
  bool begin() {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_read_fn(png_, this, take_bytes);
    // Gamma and colour spaces among them, of which PIL takes no notice either.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_read_info(png_, info_);
    png_set_expand(png_);
    png_set_scale_16(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  static void take_bytes(png_structp png, png_bytep to, size_t bytes) {
    std::span<const uint8_t>& left = static_cast<Decoder*>(png_get_io_ptr(png))->left_;
    if (bytes > left.size()) png_error(png, "it ends too early");
    std::memcpy(to, left.data(), bytes);
    left = left.subspan(bytes);
  }

  [[noreturn]] static void give_up(png_structp png, png_const_charp message) {
    std::array<char, 128>& fault = static_cast<Decoder*>(png_get_error_ptr(png))->fault_;
    std::strncpy(fault.data(), message, fault.size() - 1);
    png_longjmp(png, 1);
  }

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::span<const uint8_t> left_;
  std::array<char, 128> fault_{};
  int passes_ = 1;
};

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
  Decoder decoder(path, file);
  const int64_t height = decoder.height(), width = decoder.width();
  const int stored = decoder.channels();
  Tensor pixels = empty({height, width, stored}, DType::u8, kCpu, "read_png");
  if (!decoder.read_pixels(pixels.data<uint8_t>())) {
    throw FormatError(path, fmt::format("damaged PNG: {}", decoder.fault()));
  }
  const int orientation = options.upright ? orientation_of(file) : 1;
  if (stored == options.channels) return turn_upright(pixels, orientation);
  Tensor out = empty({height, width, options.channels}, DType::u8, kCpu, "read_png");
  const uint8_t* from = pixels.data<uint8_t>();
  uint8_t* to = out.data<uint8_t>();
  for (int64_t i = 0; i < height * width; ++i) {
    convert_pixel(from + i * stored, stored, to + i * options.channels, options.channels);
  }
  return turn_upright(out, orientation);
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
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
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
