#include "strata/io/archive.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return strata::fuzz_file(data, size, ".zip", [](const std::string& path) {
    strata::for_each_file(
        path, [](const std::string&) { return true; },
        [](const std::string&, std::vector<uint8_t>) {});
  });
}
