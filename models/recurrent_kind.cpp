#include "models/recurrent_kind.h"

namespace strata::models {

std::unique_ptr<nn::Recurrent> make_recurrent(RecurrentKind kind, int64_t in, int64_t hidden) {
  switch (kind) {
    case RecurrentKind::rnn:
      return std::make_unique<nn::RNN>(nn::RNNConfig{.in = in, .hidden = hidden});
    case RecurrentKind::lstm:
      return std::make_unique<nn::LSTM>(nn::RecurrentConfig{.in = in, .hidden = hidden});
    case RecurrentKind::gru: break;
  }
  return std::make_unique<nn::GRU>(nn::RecurrentConfig{.in = in, .hidden = hidden});
}

}  // namespace strata::models
