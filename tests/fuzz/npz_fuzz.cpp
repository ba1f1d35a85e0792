#include "strata/io/npz.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return strata::fuzz_file(data, size, ".npz",
                           [](const std::string& path) { strata::read_npz(path); });
}
