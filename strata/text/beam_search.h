#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "strata/base/function_ref.h"
#include "strata/tensor/tensor.h"

namespace strata {

struct BeamSearchConfig {
  int64_t beams = 4;            ///< sequences that are followed at once
  int64_t max_new_tokens = -1;  ///< required
  int64_t end_token = -1;       ///< ends a sequence; -1: none does
  double length_penalty = 1;    ///< scores are divided by the length to this power
  bool early_stopping = false;  ///< stop at `beams` ended sequences, not when none can be better
  int64_t results = 1;          ///< at most `beams`
};

struct BeamSequence {
  std::vector<int64_t> tokens;  ///< behind the prompt, the end token included
  double score;                 ///< log probability / number of tokens ^ length_penalty
};

/// The likeliest continuations of `prompt`, best first; fewer than asked for where there are no
/// more. `step(ids, parents)` takes the sequences so far, i64[rows, T], and gives the log
/// probabilities [rows, vocabulary] of what follows (f32 or f64: log_softmax of logits; -infinity
/// forbids a token). Row i continues row parents[i], i64[rows], of the step before: caches follow
/// by reorder(parents). The first step has one row, the prompt. Of equal scores the lower row and
/// token wins. As generate() of transformers with num_beams, early_stopping false or true; scores
/// are summed in f64. Throws ValueError for a config out of range and an empty prompt, ShapeError
/// and DTypeError for log probabilities that do not fit, NumericError for NaN in them.
std::vector<BeamSequence> beam_search(
    std::span<const int64_t> prompt, const BeamSearchConfig& config,
    FunctionRef<Tensor(const Tensor& ids, const Tensor& parents)> step);

}  // namespace strata
