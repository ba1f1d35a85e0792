#pragma once

#include <string>
#include <string_view>

namespace strata {

/// Bytes as text and back (RFC 4648, the alphabet with + and /, padded).
std::string encode_base64(std::string_view bytes);

/// Throws FormatError for what encode_base64 does not give.
std::string decode_base64(std::string_view text);

}  // namespace strata
