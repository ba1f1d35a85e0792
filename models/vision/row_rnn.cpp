#include "models/vision/row_rnn.h"

#include "strata/ops/views.h"

namespace strata::models {
namespace {

constexpr int64_t kRow = 28, kClasses = 10;

}  // namespace

RowRnn::RowRnn(RecurrentKind kind, int64_t hidden)
    : rnn(make_recurrent(kind, kRow, hidden)), head({.in = hidden, .out = kClasses}) {}

Tensor RowRnn::forward(const Tensor& x) {
  const Tensor rows = x.rank() == 4 ? flatten(x, 2, 3) : x;
  const nn::RecurrentOutput out = (*rnn)(rows, {});
  return head(select(out.state.h, 0, 0));
}

}  // namespace strata::models
