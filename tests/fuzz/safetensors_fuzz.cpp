#include "strata/io/safetensors.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return strata::fuzz_file(data, size, ".safetensors",
                           [](const std::string& path) { strata::load_safetensors(path); });
}
