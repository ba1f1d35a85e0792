#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace strata::testing {

/// Gives `read` a file of exactly these bytes. It must succeed, or throw a FormatError or IoError
/// that begins with the file's name; tensor memory may reach `times` the file's size plus 64 KiB.
/// Returns the error's text, or nothing where it read the file.
std::string read_hostile(const std::string& path, const std::string& bytes,
                         const std::function<void(const std::string&)>& read, int64_t times = 4);

/// Reads each of the prefixes shorter than `bytes` with 0 ... `most` bytes; each must be refused.
void expect_truncations_refused(const std::string& path, const std::string& bytes,
                                const std::function<void(const std::string&)>& read,
                                size_t most = 4096);

/// Changes each of the first `most` bytes to several other values; none may do harm.
void survive_byte_changes(const std::string& path, const std::string& bytes,
                          const std::function<void(const std::string&)>& read, size_t most = 4096);

}  // namespace strata::testing
