#include "models/vision/row_rnn.h"

#include "strata/ops/views.h"

namespace strata::models {
namespace {

constexpr int64_t kRow = 28, kClasses = 10;

std::unique_ptr<nn::Recurrent> layer_of(RecurrentKind kind, int64_t hidden) {
  switch (kind) {
    case RecurrentKind::rnn:
      return std::make_unique<nn::RNN>(nn::RNNConfig{.in = kRow, .hidden = hidden});
    case RecurrentKind::lstm:
      return std::make_unique<nn::LSTM>(nn::RecurrentConfig{.in = kRow, .hidden = hidden});
    case RecurrentKind::gru: break;
  }
  return std::make_unique<nn::GRU>(nn::RecurrentConfig{.in = kRow, .hidden = hidden});
}

}  // namespace

RowRnn::RowRnn(RecurrentKind kind, int64_t hidden)
    : rnn(layer_of(kind, hidden)), head({.in = hidden, .out = kClasses}) {}

Tensor RowRnn::forward(const Tensor& x) {
  const Tensor rows = x.rank() == 4 ? flatten(x, 2, 3) : x;
  const nn::RecurrentOutput out = (*rnn)(rows, {});
  return head(select(out.state.h, 0, 0));
}

}  // namespace strata::models
