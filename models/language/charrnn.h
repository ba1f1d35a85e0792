#pragma once

#include "strata/nn/layers/embedding.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/recurrent.h"

namespace strata::models {

struct CharRnnConfig {
  int64_t characters = -1;  ///< required: symbols of the text
  int64_t width = 64;       ///< of a character's vector
  int64_t hidden = 256;
  int64_t layers = 1;
  double dropout = 0;  ///< between the layers
};

/// Tells the next character from all before it: a vector for each character, LSTM layers, a linear
/// layer. i64[N, T] to logits f32[N, T, characters]. 350,593 parameters for 65 characters. After
/// Karpathy, "The unreasonable effectiveness of recurrent neural networks", 2015.
class CharRnn final : public nn::Module {
 public:
  explicit CharRnn(const CharRnnConfig& config);

  std::string type() const override { return "CharRnn"; }
  void members(nn::Visitor& v) override { v("embedding", embedding)("lstm", lstm)("head", head); }
  Tensor forward(const Tensor& ids) override;
  /// The same from a state, which it moves on.
  Tensor step(const Tensor& ids, nn::RecurrentState& state);

  nn::Embedding embedding;
  nn::LSTM lstm;
  nn::Linear head;
};

}  // namespace strata::models
