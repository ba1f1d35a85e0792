#include "models/language/charrnn.h"

namespace strata::models {

CharRnn::CharRnn(const CharRnnConfig& config)
    : embedding({.count = config.characters, .width = config.width}),
      lstm({.in = config.width,
            .hidden = config.hidden,
            .layers = config.layers,
            .dropout = config.dropout}),
      head({.in = config.hidden, .out = config.characters}) {}

Tensor CharRnn::forward(const Tensor& ids) { return head(lstm.symbols(ids, embedding.weight).y); }

Tensor CharRnn::step(const Tensor& ids, nn::RecurrentState& state) {
  const nn::RecurrentOutput out = lstm.symbols(ids, embedding.weight, state);
  state = out.state;
  return head(out.y);
}

}  // namespace strata::models
