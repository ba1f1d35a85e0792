#include "strata/io/tar.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return strata::fuzz_file(data, size, ".tar", [](const std::string& path) {
    strata::TarReader tar(path);
    while (tar.next()) tar.content();
  });
}
