#include "strata/text/char_tokenizer.h"

#include <array>

#include "strata/base/error.h"

namespace strata {

std::string CharTokenizer::piece(int64_t id, bool) const {
  return vocabulary_.decode(std::array{id});
}

std::optional<int64_t> CharTokenizer::find(std::string_view token) const {
  if (token.empty() || first_character(token).length != token.size()) return std::nullopt;
  const auto& all = vocabulary_.code_points();
  const int64_t code = first_character(token).code;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i] == code) return static_cast<int64_t>(i);
  }
  return std::nullopt;
}

}  // namespace strata
