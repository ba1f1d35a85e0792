#include "models/sequence/adding_rnn.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/init.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::models {
namespace {

/// sigmoid(log t) of what is held stays from step to step, which lasts for about t of them.
void keep_for_up_to(int64_t memory, RecurrentKind kind, int64_t hidden, RnnWeights& w) {
  if (kind == RecurrentKind::rnn || memory < 3) return;
  const NoGrad no_grad;
  const auto gate = [&](const Tensor& bias, int64_t number) {
    return slice(bias, 0, number * hidden, (number + 1) * hidden);
  };
  const Tensor times =
      log(rand({hidden}, 1, static_cast<double>(memory - 1), w.b_ih.dtype(), w.b_ih.device()));
  const auto start = [&](int64_t number, const Tensor& value) {
    Tensor in = gate(w.b_ih, number), between = gate(w.b_hh, number);
    copy_(in, value);
    fill_(between, 0);
  };
  start(1, times);                                        // an LSTM's gate f, a GRU's z
  if (kind == RecurrentKind::lstm) start(0, neg(times));  // and its gate i lets less in
}

}  // namespace

AddingRnn::AddingRnn(RecurrentKind kind, int64_t hidden, int64_t memory)
    : rnn(make_recurrent(kind, 2, hidden)), head({.in = hidden, .out = 1}) {
  if (memory < 0) {
    throw ValueError("AddingRnn", fmt::format("memory must be at least 0, got {}", memory));
  }
  keep_for_up_to(memory, kind, hidden, rnn->weights[0]);
}

Tensor AddingRnn::forward(const Tensor& x) {
  const nn::RecurrentOutput out = (*rnn)(x, {});
  return head(select(out.state.h, 0, 0));
}

}  // namespace strata::models
