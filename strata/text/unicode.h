#pragma once

#include <cstdint>

namespace strata {

enum class CharClass : uint8_t { other, letter, number, space };

/// The Unicode class of a code point: letters are \p{L}, numbers \p{N}, space is \s of patterns.
CharClass char_class(int64_t code_point);

}  // namespace strata
