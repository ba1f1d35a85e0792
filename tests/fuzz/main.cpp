// The fuzzer of one target, whose function STRATA_FUZZ_TARGET names.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target STRATA_FUZZ_TARGET();

namespace {

const Target& target() {
  static const Target the_target = STRATA_FUZZ_TARGET();
  return the_target;
}

/// A folder in memory, for the time that the fuzzer runs.
class Folder {
 public:
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }

  const std::string path = "/dev/shm/strata_fuzz_" + std::to_string(getpid());
};

}  // namespace
}  // namespace strata::fuzz

/// Lays the seeds into the first folder that is named, from which the fuzzer then reads them.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  using namespace strata::fuzz;
  for (int i = 1; i < *argc; ++i) {
    const std::string folder = (*argv)[i];
    if (folder.starts_with("-") || !std::filesystem::is_directory(folder)) continue;
    int n = 0;
    for (const Input& seed : seeds_of(target())) {
      std::ofstream(folder + "/seed_" + std::to_string(n++), std::ios::binary) << seed.bytes;
    }
    break;
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace strata::fuzz;
  static const Folder folder;
  read_input(target(), folder.path, {reinterpret_cast<const char*>(data), size});
  return 0;
}
