#pragma once

#include <memory>

#include "models/recurrent_kind.h"
#include "strata/nn/layers/linear.h"

namespace strata::models {

/// Reads a picture row by row, from the top: each row of 28 pixels is one step of a recurrent layer
/// of 128 units, whose last state a linear layer takes to 10 classes. f32[N, 28, 28, 1] to logits
/// f32[N, 10].
class RowRnn final : public nn::Module {
 public:
  explicit RowRnn(RecurrentKind kind, int64_t hidden = 128);

  std::string type() const override { return "RowRnn"; }
  void members(nn::Visitor& v) override { v("rnn", *rnn)("head", head); }
  Tensor forward(const Tensor& x) override;

  std::unique_ptr<nn::Recurrent> rnn;
  nn::Linear head;
};

}  // namespace strata::models
