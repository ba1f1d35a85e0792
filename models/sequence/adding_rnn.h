#pragma once

#include <memory>

#include "models/recurrent_kind.h"
#include "strata/nn/layers/linear.h"

namespace strata::models {

/// Reads a sequence of pairs and says one number: a recurrent layer, whose last state a linear
/// layer takes to it. f32[N, steps, 2] to f32[N, 1]. The gates of an LSTM and a GRU start so that
/// each unit keeps what it holds for a time of its own, up to `memory` steps (Tallec and Ollivier,
/// "Can recurrent neural networks warp time?", 2018); 0: as PyTorch starts them. Throws
/// ValueError for a memory below 0.
class AddingRnn final : public nn::Module {
 public:
  AddingRnn(RecurrentKind kind, int64_t hidden, int64_t memory = 0);

  std::string type() const override { return "AddingRnn"; }
  void members(nn::Visitor& v) override { v("rnn", *rnn)("head", head); }
  Tensor forward(const Tensor& x) override;

  std::unique_ptr<nn::Recurrent> rnn;
  nn::Linear head;
};

}  // namespace strata::models
