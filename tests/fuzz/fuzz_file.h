#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

#include <unistd.h>

#include "strata/base/error.h"

namespace strata {

/// Writes the fuzzer's bytes to a file in memory and hands its name to `read`, which may throw
/// strata::Error and nothing else.
template <class F>
int fuzz_file(const uint8_t* data, size_t size, const std::string& extension, F&& read) {
  static const std::string path = "/dev/shm/strata_fuzz_" + std::to_string(getpid()) + extension;
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    read(path);
  } catch (const Error&) {
    // What a bad file should lead to.
  }
  return 0;
}

}  // namespace strata
