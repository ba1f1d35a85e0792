#include "strata/nn/layers/recurrent_cells.h"

#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/nn/precision.h"
#include "strata/ops/copy.h"
#include "strata/ops/views.h"

namespace strata::nn {
namespace {

void check_state(const std::string& cell, const char* what, const Tensor& t, const Shape& shape,
                 const Tensor& x) {
  if (!t.defined() || t.shape() == shape) return;
  throw ShapeError(cell, fmt::format("the state's {} is {}, but must be {} beside x, {}", what,
                                     describe(t), to_string(shape), describe(x)));
}

}  // namespace

RecurrentCell::RecurrentCell(const char* name, const RecurrentCellConfig& config, int64_t gates)
    : config_(config) {
  require_positive(name, {{"in", config.in}, {"hidden", config.hidden}});
  weights = recurrent_weights(config.in, config.hidden, config.hidden, gates, config.bias);
}

void RecurrentCell::members(Visitor& v) {
  v("weight_ih", weights.w_ih)("weight_hh", weights.w_hh);
  v("bias_ih", weights.b_ih)("bias_hh", weights.b_hh);
}

RecurrentState RecurrentCell::next(const Tensor& x, const RecurrentState& state) {
  RecurrentState after;
  observe_call(*this, [&] {
    after = step(x, state);
    return after.h;
  });
  return after;
}

RecurrentState RecurrentCell::step(const Tensor& x, const RecurrentState& state) const {
  const bool batched = x.rank() == 2;
  if (!batched && x.rank() != 1) {
    throw ShapeError(type(),
                     fmt::format("takes x [N, {0}] or [{0}], got {1}", config_.in, describe(x)));
  }
  const Shape shape = batched ? Shape{x.size(0), config_.hidden} : Shape{config_.hidden};
  check_state(type(), "h", state.h, shape, x);
  check_state(type(), "c", state.c, shape, x);
  const auto row = [&](const Tensor& t) {
    return to_compute(batched || !t.defined() ? t : unsqueeze(t, 0));
  };
  const RnnResult r = sequence(unsqueeze(row(x), 1), row(state.h), row(state.c),
                               {to_compute(weights.w_ih), to_compute(weights.w_hh),
                                to_compute(weights.b_ih), to_compute(weights.b_hh)});
  const auto back = [&](const Tensor& t) {
    if (!t.defined()) return t;
    return cast(batched ? t : squeeze(t, 0), x.dtype());
  };
  return {.h = back(r.h), .c = back(r.c)};
}

RNNCell::RNNCell(const RNNCellConfig& config)
    : RecurrentCell("RNNCell", {.in = config.in, .hidden = config.hidden, .bias = config.bias}, 1),
      config_(config) {}

RnnResult RNNCell::sequence(const Tensor& x, const Tensor& h0, const Tensor&,
                            const RnnWeights& w) const {
  return rnn(x, h0, w, config_.activation);
}

RnnResult LSTMCell::sequence(const Tensor& x, const Tensor& h0, const Tensor& c0,
                             const RnnWeights& w) const {
  return lstm(x, h0, c0, w);
}

RnnResult GRUCell::sequence(const Tensor& x, const Tensor& h0, const Tensor&,
                            const RnnWeights& w) const {
  return gru(x, h0, w);
}

}  // namespace strata::nn
