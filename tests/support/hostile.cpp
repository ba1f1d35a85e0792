#include "tests/support/hostile.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/device/cpu_allocator.h"
#include "tests/support/temp_folder.h"

namespace strata::testing {

std::string read_hostile(const std::string& path, const std::string& bytes,
                         const std::function<void(const std::string&)>& read, int64_t times) {
  spill(path, bytes);
  reset_cpu_memory_peak();
  const int64_t before = cpu_memory_stats().in_use;
  std::string error;
  try {
    read(path);
  } catch (const FormatError& e) {
    error = e.what();
  } catch (const IoError& e) {
    error = e.what();
  } catch (const std::exception& e) {
    ADD_FAILURE() << "another kind of error: " << e.what();
    error = e.what();
  }
  if (!error.empty()) {
    EXPECT_EQ(error.rfind("[" + path, 0), 0u) << "does not name the file: " << error;
    EXPECT_EQ(error.find("\n["), std::string::npos);
  }
  const auto allowed = times * static_cast<int64_t>(bytes.size()) + (64 << 10);
  EXPECT_LE(cpu_memory_stats().peak - before, allowed) << error;
  return error;
}

void expect_truncations_refused(const std::string& path, const std::string& bytes,
                                const std::function<void(const std::string&)>& read, size_t most) {
  for (size_t n = 0; n < std::min(bytes.size(), most + 1); ++n) {
    EXPECT_NE(read_hostile(path, bytes.substr(0, n), read), "")
        << "read its first " << n << " bytes";
  }
}

void survive_byte_changes(const std::string& path, const std::string& bytes,
                          const std::function<void(const std::string&)>& read, size_t most) {
  for (size_t at = 0; at < std::min(bytes.size(), most); ++at) {
    for (const int flip : {0x01, 0x80, 0xff, 0x10}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      read_hostile(path, changed, read);
      if (::testing::Test::HasFailure()) {
        ADD_FAILURE() << "with byte " << at << " xor " << flip;
        return;
      }
    }
  }
}

}  // namespace strata::testing
