#include "strata/io/pth.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return strata::fuzz_file(data, size, ".pth",
                           [](const std::string& path) { strata::load_pth(path); });
}
