#include "recipes/shared/embedded_tokens.h"

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::recipes {

void expect_embedded(const System& system, const Tokenizer& tokenizer, std::span<const int64_t> ids,
                     int64_t vocab_size) {
  for (const int64_t id : ids) {
    if (id < vocab_size) continue;
    throw ValueError(system.folder,
                     fmt::format("its network has no embedding for the token {} (number {} of {})",
                                 tokenizer.piece(id, true), id, vocab_size));
  }
}

}  // namespace strata::recipes
