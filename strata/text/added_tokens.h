#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "strata/base/function_ref.h"

namespace strata {

/// A token that is looked for in a text before it is cut into words: "[MASK]".
struct AddedToken {
  std::string content = {};
  int64_t id = 0;
  bool special = true;
  bool lstrip = false;      ///< takes white space before it along
  bool rstrip = false;      ///< and behind it
  bool normalized = false;  ///< is looked for in the normalised text
};

/// The numbers of a vocabulary of so many tokens must lie below this. Some leave gaps, but a file
/// of a few bytes must not make a table of millions.
int64_t token_number_limit(size_t tokens);

/// Calls `token` for each of the tokens that occurs, the leftmost first and of those the longest,
/// and `part` for what lies between them, which may be empty; `space` says what the tokens may take
/// along. All in order.
void split_at_tokens(std::string_view text, const std::vector<AddedToken>& tokens,
                     bool (*space)(char32_t), FunctionRef<void(std::string_view)> part,
                     FunctionRef<void(const AddedToken&)> token);

}  // namespace strata
