#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata::recipes {

/// What `predict` says of one input: classes with their probabilities, the likeliest first.
struct Prediction {
  struct Class {
    std::string label;
    double probability = 0;
  };
  std::vector<Class> classes;
  Tensor
      seen;  ///< the input as the network saw it, f32[H, W, C] in [0, 1]; undefined if no picture
};

/// What `generate` is asked for.
struct GenerateRequest {
  std::string prompt = {};
  /// New ones at most. Below 0: what the model's folder says, else 100.
  int64_t max_tokens = -1;
  int64_t min_tokens = 0;  ///< new ones before the text may end by itself
  /// Divides the logits; 0 takes the likeliest token always. Below 0, here and in the next three:
  /// what the model's folder says, else no restriction.
  double temperature = -1;
  int64_t top_k = -1;              ///< only so many likeliest tokens; 0: all
  double top_p = -1;               ///< only the likeliest tokens that make up this probability
  double repetition_penalty = -1;  ///< divides the logits of tokens that occurred; 1: none
  uint64_t seed = 0;
};

/// What came of it.
struct GenerateResult {
  int64_t prompt_tokens = 0, new_tokens = 0;
  bool stopped = false;  ///< by the model's own end of text
};

/// Is given text as it comes, always whole characters; says whether to go on.
using TextSink = std::function<bool(std::string_view)>;

/// What `sample` is asked for.
struct SampleRequest {
  int64_t count = 64;
  int64_t steps = 0;  ///< 0: 50, or as many as there are
  std::string sampler = "ddim";
  uint64_t seed = 0;
  std::function<bool(int64_t step, int64_t steps)> progress = {};  ///< says whether to go on
};

/// One way to fill a masked place.
struct Fill {
  std::string token;     ///< as in the vocabulary
  std::string sequence;  ///< the whole text with it
  double probability = 0;
};

}  // namespace strata::recipes
