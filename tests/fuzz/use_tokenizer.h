#pragma once

#include <string>
#include <vector>

#include "strata/text/tokenizer.h"

namespace strata::fuzz {

/// Sends a text of many kinds of characters there and back.
inline void use_tokenizer(const Tokenizer& tokenizer) {
  const std::vector<int64_t> ids =
      tokenizer.encode(" The  quick's \xc3\xa9\xe4\xb8\xad\xff 12\n<|endoftext|>[MASK] ##a");
  tokenizer.decode(ids);
}

}  // namespace strata::fuzz
