#include "strata/io/jpeg.h"

#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target jpeg_target() {
  return {.name = "jpeg", .files = {"image.jpg"}, .read = [](const std::string& path) {
            read_jpeg(path, {.upright = true});
          }};
}

}  // namespace strata::fuzz
