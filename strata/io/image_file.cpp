#include "strata/io/image_file.h"

#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/io/jpeg.h"
#include "strata/io/png.h"

namespace strata {

Tensor decode_image(const std::string& name, std::span<const uint8_t> bytes,
                    const ImageOptions& options) {
  const auto begins = [&](uint8_t a, uint8_t b) {
    return bytes.size() >= 2 && bytes[0] == a && bytes[1] == b;
  };
  if (begins(0x89, 'P')) return decode_png(name, bytes, options);
  if (begins(0xff, 0xd8)) return decode_jpeg(name, bytes, options);
  throw FormatError(name, "is neither a PNG nor a JPEG picture");
}

Tensor read_image(const std::string& path, const ImageOptions& options) {
  const Tensor file = read_file(path);
  return decode_image(path, {file.data<uint8_t>(), static_cast<size_t>(file.numel())}, options);
}

}  // namespace strata
