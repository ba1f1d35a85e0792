#include "strata/io/tar.h"

#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target tar_target() {
  return {.name = "tar", .files = {"files.tar"}, .read = [](const std::string& path) {
            TarReader tar(path);
            while (tar.next()) tar.content();
          }};
}

}  // namespace strata::fuzz
