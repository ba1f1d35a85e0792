#include "strata/io/png.h"

#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target png_target() {
  return {.name = "png", .files = {"image.png"}, .read = [](const std::string& path) {
            read_png(path, {.upright = true});
          }};
}

}  // namespace strata::fuzz
