#pragma once

#include <cstddef>
#include <string_view>

#include "strata/base/function_ref.h"

namespace strata {

/// Cuts UTF-8 text into words by GPT-2's pattern
///
///   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// and calls word() for each, in order; together they are the text.
void for_each_gpt2_word(std::string_view text, FunctionRef<void(std::string_view)> word);

}  // namespace strata
