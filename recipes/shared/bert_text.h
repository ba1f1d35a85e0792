#pragma once

#include <string>
#include <vector>

#include "recipes/shared/system.h"

namespace strata::recipes {

/// Guesses for the one [MASK] in a text, by a Bert with a head for masks whose folder holds a
/// WordPiece tokenizer. Throws ValueError for another number of masks, a text too long for the
/// network, and a network without that head; IoError, FormatError.
std::vector<Fill> fill_bert_mask(System& system, const std::string& text, int64_t count);

/// One vector for each text as the sentence-transformers library makes it: a Bert's last hidden
/// states, pooled as the folder's modules.json and its pooling's config.json say, by their mean
/// where there is none. Texts are cut at max_seq_length of sentence_bert_config.json. Throws
/// FormatError for modules that are not known here.
Tensor embed_with_bert(System& system, const std::vector<std::string>& texts);

/// The folders in which a sentence-transformers folder keeps its modules, by its modules.json; ""
/// for the network's. Throws IoError, FormatError, also for a folder outside of this one.
std::vector<std::string> sentence_modules(const std::string& folder);

}  // namespace strata::recipes
