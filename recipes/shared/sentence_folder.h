#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata::recipes {

/// What makes one vector of the hidden states of a text's tokens: that of the first or the last
/// one, the largest of each feature, or a mean: divided by the root of the number instead, or by
/// weights that grow with the position.
enum class Pool { first, largest, mean, mean_by_root, weighted_mean, last };

/// What a sentence-transformers folder says of its texts and vectors.
struct SentenceFolder {
  std::vector<Pool> pools = {Pool::mean};  ///< side by side
  bool normalize = false;                  ///< vectors of length 1
  bool lower_case = false;                 ///< whatever the tokenizer's own files say
  std::string prompt = {};                 ///< stands in front of each text
  bool pool_prompt = true;                 ///< whether its tokens count in the pools
  int64_t longest = 0;                     ///< tokens of a text, those around it included
};

/// Reads modules.json with its modules' files, sentence_bert_config.json, the prompts and the
/// tokenizer's longest text, each as far as it is there; `most` tokens are what the network takes.
/// Throws IoError, and FormatError for what is not known here.
SentenceFolder read_sentence_folder(const std::string& folder, int64_t most);

/// Hidden states [1, T, D], of which the first `prompt` positions are the prompt's, to [1, D] for
/// each pool side by side. Throws ValueError where no position counts.
Tensor pool_sentence(const Tensor& hidden, const SentenceFolder& how, int64_t prompt);

/// The folders in which a sentence-transformers folder keeps its modules, by its modules.json; ""
/// for the network's. Throws IoError, FormatError, also for a folder outside of this one.
std::vector<std::string> sentence_modules(const std::string& folder);

}  // namespace strata::recipes
