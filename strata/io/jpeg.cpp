#include "strata/io/jpeg.h"

#include <memory>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>
#include <turbojpeg.h>

#include "strata/base/error.h"
#include "strata/io/exif.h"
#include "strata/io/file.h"
#include "strata/io/gzip.h"

namespace strata {
namespace {

struct Destroy {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Decoder = std::unique_ptr<std::remove_pointer_t<tjhandle>, Destroy>;

/// Stray bytes between markers do no harm, and many published photographs have them.
bool harmless(tjhandle decoder) {
  return tjGetErrorCode(decoder) == TJERR_WARNING &&
         std::string_view(tjGetErrorStr2(decoder)).find("extraneous bytes") != std::string::npos;
}

void check(const std::string& name, const Decoder& decoder, int status) {
  if (status == 0 || harmless(decoder.get())) return;
  throw FormatError(name, fmt::format("damaged JPEG: {}", tjGetErrorStr2(decoder.get())));
}

int pixel_format(int channels) {
  return channels == 1 ? TJPF_GRAY : channels == 3 ? TJPF_RGB : TJPF_RGBA;
}

/// Ink to light. Files hold CMYK inverted, after Adobe: 255 means no ink.
void convert_cmyk(const uint8_t* cmyk, int64_t pixels, int channels, uint8_t* out) {
  for (int64_t i = 0; i < pixels; ++i, cmyk += 4, out += channels) {
    const auto light = [&](int c) { return (cmyk[c] * cmyk[3] + 127) / 255; };
    if (channels == 1) {
      out[0] = static_cast<uint8_t>(
          (light(0) * 19595 + light(1) * 38470 + light(2) * 7471 + 0x8000) >> 16);
      continue;
    }
    for (int c = 0; c < 3; ++c) out[c] = static_cast<uint8_t>(light(c));
    if (channels == 4) out[3] = 255;
  }
}

}  // namespace

Tensor decode_jpeg(const std::string& name, std::span<const uint8_t> bytes,
                   const ImageOptions& options) {
  const int channels = options.channels;
  if (channels != 1 && channels != 3 && channels != 4) {
    throw ValueError("read_jpeg", fmt::format("{} channels: 1, 3 or 4 are possible", channels));
  }
  const Decoder decoder(tjInitDecompress());
  if (!decoder) throw OutOfMemory("read_jpeg", "no memory to unpack " + name);
  int width = 0, height = 0, sampling = 0, colours = 0;
  check(name, decoder,
        tjDecompressHeader3(decoder.get(), bytes.data(), bytes.size(), &width, &height, &sampling,
                            &colours));
  if (width < 1 || height < 1) throw FormatError(name, "damaged JPEG: it holds no picture");
  if (width > options.most_pixels / height) {
    throw FormatError(name, fmt::format("an image of {} x {} pixels: 1 to {} are possible", width,
                                        height, options.most_pixels));
  }
  const bool inks = colours == TJCS_CMYK || colours == TJCS_YCCK;
  const int stored = inks ? 4 : channels;
  check_unpacked_size(name, static_cast<int64_t>(bytes.size()),
                      int64_t{width} * height * (colours == TJCS_GRAY ? 1 : 3));
  Tensor pixels = empty({height, width, stored}, DType::u8, kCpu, "read_jpeg");
  check(name, decoder,
        tjDecompress2(decoder.get(), bytes.data(), bytes.size(), pixels.data<uint8_t>(), width, 0,
                      height, inks ? TJPF_CMYK : pixel_format(channels),
                      TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS));
  Tensor out = pixels;
  if (inks) {
    out = empty({height, width, channels}, DType::u8, kCpu, "read_jpeg");
    convert_cmyk(pixels.data<uint8_t>(), int64_t{width} * height, channels, out.data<uint8_t>());
  }
  return options.upright ? turn_upright(out, jpeg_orientation(bytes)) : out;
}

Tensor read_jpeg(const std::string& path, const ImageOptions& options) {
  const Tensor file = read_file(path);
  return decode_jpeg(path, {file.data<uint8_t>(), static_cast<size_t>(file.numel())}, options);
}

}  // namespace strata
