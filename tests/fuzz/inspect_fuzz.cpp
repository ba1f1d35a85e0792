#include "strata/io/inspect.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return strata::fuzz_file(data, size, ".bin",
                           [](const std::string& path) { strata::inspect_file(path); });
}
