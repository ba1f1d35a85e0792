#pragma once

#include <string>
#include <vector>

#include "recipes/shared/system.h"

namespace strata::recipes {

/// Guesses for the one [MASK] in a text, by a Bert with a head for masks whose folder holds a
/// WordPiece tokenizer. A guess that the tokenizer has no token for is "". Throws ValueError for
/// another number of masks, a text too long for the network, and a network without that head;
/// IoError, FormatError.
std::vector<Fill> fill_bert_mask(System& system, const std::string& text, int64_t count);

/// One vector for each text as the sentence-transformers library makes it of a Bert's last hidden
/// states, see read_sentence_folder. Throws IoError, FormatError, and ValueError for a text of
/// which no token counts.
Tensor embed_with_bert(System& system, const std::vector<std::string>& texts);

}  // namespace strata::recipes
