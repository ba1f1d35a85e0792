#pragma once

#include <string>
#include <string_view>

namespace strata {

/// The MD5 of some bytes (RFC 1321) in lower-case hexadecimal: many data sets are published with no
/// other checksum. It proves that a file arrived whole, not who made it.
std::string md5(std::string_view bytes);

}  // namespace strata
