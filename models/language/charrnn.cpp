#include "models/language/charrnn.h"

namespace strata::models {

CharRnn::CharRnn(const CharRnnConfig& config)
    : embedding({.count = config.characters, .width = config.width}),
      lstm({.in = config.width,
            .hidden = config.hidden,
            .layers = config.layers,
            .dropout = config.dropout}),
      head({.in = config.hidden, .out = config.characters}) {}

Tensor CharRnn::step(const Tensor& ids, nn::RecurrentState& state) {
  nn::RecurrentOutput out = lstm(embedding(ids), state);
  state = out.state;
  return head(out.y);
}

}  // namespace strata::models
