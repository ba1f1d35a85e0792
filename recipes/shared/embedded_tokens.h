#pragma once

#include <cstdint>
#include <span>

#include "recipes/shared/system.h"
#include "strata/text/tokenizer.h"

namespace strata::recipes {

/// Tokenizers of published folders may name tokens that the network was never given, such as one
/// for padding. Throws ValueError, which names the token, where one of them stands among `ids`.
void expect_embedded(const System& system, const Tokenizer& tokenizer, std::span<const int64_t> ids,
                     int64_t vocab_size);

}  // namespace strata::recipes
