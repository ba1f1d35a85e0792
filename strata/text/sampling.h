#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "strata/base/random.h"

namespace strata {

struct SamplingConfig {
  double temperature = 1;  ///< divides the logits; 0 takes the likeliest token always
  int64_t top_k = 0;       ///< only so many likeliest tokens, and ties with them; 0: all
  double top_p = 1;        ///< only the likeliest tokens that together reach this probability
  double repetition_penalty = 1;  ///< logits of tokens that occurred: positive ones divided by it,
                                  ///< negative ones times it; 1: none
};

/// Chooses tokens by their logits, in the order of transformers: repetition penalty, temperature,
/// top-k, top-p. Everything is computed in f64. Sources: Holtzman et al., "The curious case of
/// neural text degeneration" (2020); Keskar et al., "CTRL" (2019) for the penalty.
class TokenSampler {
 public:
  /// Throws ValueError for a temperature below 0, a top_k below 0, a top_p outside of (0, 1], a
  /// repetition_penalty that is not above 0, and for NaN and infinity.
  explicit TokenSampler(const SamplingConfig& config, uint64_t seed = 0);

  /// The probability of each token behind those of `previous`. With temperature 0 the likeliest, of
  /// equal ones the first, has them all. Throws NumericError for NaN or no finite logit, IndexError
  /// for previous tokens that have no logit.
  std::vector<double> probabilities(std::span<const float> logits,
                                    std::span<const int64_t> previous = {}) const;
  /// Draws a token by them.
  int64_t next(std::span<const float> logits, std::span<const int64_t> previous = {});

  const SamplingConfig& config() const { return config_; }

 private:
  SamplingConfig config_;
  Generator generator_;
};

}  // namespace strata
