#include "strata/nn/layers/recurrent.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/nn/init.h"
#include "strata/nn/precision.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/dropout.h"
#include "strata/ops/indexing.h"
#include "strata/ops/joining.h"
#include "strata/ops/linear.h"
#include "strata/ops/matmul.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"

namespace strata::nn {
namespace {

void check_state(const std::string& layer, const char* what, const Tensor& t, const Shape& shape) {
  if (!t.defined() || t.shape() == shape) return;
  const bool lacks_first = t.rank() == 2 && shape == Shape{1, t.size(0), t.size(1)};
  throw ShapeError(layer,
                   fmt::format("the state's {} is {}, but must be {} [layers * directions, "
                               "rows, hidden]",
                               what, describe(t), to_string(shape)),
                   lacks_first ? fmt::format("unsqueeze({}, 0)", what) : "");
}

/// [N, T, H] and [N, T, H] side by side, kept in the order of steps that the ops work in.
Tensor side_by_side(const Tensor& a, const Tensor& b) {
  return transpose(concat({transpose(a, 0, 1), transpose(b, 0, 1)}, -1), 0, 1);
}

Tensor uniform_parameter(const Shape& shape, int64_t hidden) {
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  Tensor t = parameter(shape);
  init::uniform(t, -bound, bound);
  return t;
}

/// x with h0 [N, P] side by side at the step that each row begins with, and zeros at the others.
Tensor with_first_state(const Tensor& x, const Tensor& h0, const RnnOptions& options) {
  const int64_t steps = x.size(1);
  const Tensor step = arange(0, static_cast<double>(steps), 1, DType::i64, x.device());
  Tensor starts = unsqueeze(step == (options.reverse ? steps - 1 : 0), 0);
  if (options.reverse && options.lengths.defined()) {
    starts = step == unsqueeze(options.lengths - 1, 1);
  }
  return concat({x, where(unsqueeze(starts, 2), unsqueeze(h0, 1), 0)}, 2);
}

}  // namespace

RnnWeights recurrent_weights(int64_t in, int64_t hidden, int64_t state, int64_t gates, bool bias) {
  const auto make = [&](const Shape& shape) { return uniform_parameter(shape, hidden); };
  const int64_t rows = checked_numel("recurrent_weights", {gates, hidden});
  RnnWeights w;
  w.w_ih = make({rows, in});
  w.w_hh = make({rows, state});
  if (bias) {
    w.b_ih = make({rows});
    w.b_hh = make({rows});
  }
  return w;
}

Recurrent::Recurrent(const char* name, const RecurrentConfig& config, int64_t gates)
    : config_(config) {
  require_positive(name, {{"in", config.in}, {"hidden", config.hidden}, {"layers", config.layers}});
  require_share(name, "dropout", config.dropout);
  constexpr int64_t kLstmGates = 4;
  if (config.proj < 0 || config.proj >= config.hidden) {
    throw ValueError(name, fmt::format(".proj {} is not in 0 ... {}, below .hidden", config.proj,
                                       config.hidden - 1));
  }
  if (config.proj > 0 && gates != kLstmGates) {
    throw ValueError(name, fmt::format(".proj {} is for LSTM alone", config.proj));
  }
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    const int64_t in = layer == 0 ? config.in : width() * directions();
    for (int64_t d = 0; d < directions(); ++d) {
      weights.push_back(recurrent_weights(in, config.hidden, width(), gates, config.bias));
      if (config.proj == 0) continue;
      projections.push_back(uniform_parameter({config.proj, config.hidden}, config.hidden));
    }
  }
}

void Recurrent::members(Visitor& v) {
  for (size_t i = 0; i < weights.size(); ++i) {
    const auto per_layer = static_cast<size_t>(directions());
    const std::string suffix =
        fmt::format("_l{}{}", i / per_layer, i % per_layer ? "_reverse" : "");
    v("weight_ih" + suffix, weights[i].w_ih)("weight_hh" + suffix, weights[i].w_hh);
    v("bias_ih" + suffix, weights[i].b_ih)("bias_hh" + suffix, weights[i].b_hh);
    if (!projections.empty()) v("weight_hr" + suffix, projections[i]);
  }
}

RecurrentOutput Recurrent::operator()(const Tensor& x, const RecurrentState& state,
                                      const Tensor& lengths) {
  return observed(x, {}, state, lengths);
}

RecurrentOutput Recurrent::symbols(const Tensor& ids, const Tensor& table,
                                   const RecurrentState& state, const Tensor& lengths) {
  constexpr int64_t kWorth = 4;  // steps for each row of the table
  if (ids.rank() != 2 || ids.dtype() != DType::i64 || table.rank() != 2) {
    throw ShapeError(type(), fmt::format("takes symbols i64[N, T] and a table [symbols, in], not "
                                         "{} and {}",
                                         describe(ids), describe(table)));
  }
  if (ids.numel() < kWorth * table.size(0) || config_.proj > 0) {
    return observed(embedding(table, ids), {}, state, lengths);
  }
  return observed(ids, table, state, lengths);
}

RecurrentOutput Recurrent::observed(const Tensor& x, const Tensor& table,
                                    const RecurrentState& state, const Tensor& lengths) {
  RecurrentState after;
  const Tensor y = observe_call(*this, [&] {
    RecurrentOutput out = run(x, table, state, lengths);
    after = std::move(out.state);
    return out.y;
  });
  return {y, after};
}

RecurrentOutput Recurrent::run(const Tensor& x, const Tensor& table, const RecurrentState& state,
                               const Tensor& lengths) {
  const auto count = static_cast<int64_t>(weights.size());
  const int64_t rows = x.rank() > 0 ? x.size(0) : 0;
  check_state(type(), "h", state.h, {count, rows, width()});
  check_state(type(), "c", state.c, {count, rows, config_.hidden});
  const auto part = [](const Tensor& t, int64_t i) {
    return t.defined() ? to_compute(select(t, 0, i)) : t;
  };
  const DType dtype = table.defined() ? table.dtype() : x.dtype();
  std::vector<Tensor> hs, cs;
  Tensor in = table.defined() ? x : to_compute(x);
  for (int64_t layer = 0; layer < config_.layers; ++layer) {
    if (layer > 0 && config_.dropout > 0) in = dropout(in, config_.dropout, training());
    std::vector<Tensor> ys;
    for (int64_t d = 0; d < directions(); ++d) {
      const int64_t i = layer * directions() + d;
      const RnnOptions options = {.reverse = d == 1, .lengths = lengths};
      const RnnWeights& w = weights[static_cast<size_t>(i)];
      Tensor w_ih = to_compute(w.w_ih);
      if (layer == 0 && table.defined()) w_ih = linear(to_compute(table), w_ih);
      const RnnWeights computed = {w_ih, to_compute(w.w_hh), to_compute(w.b_ih),
                                   to_compute(w.b_hh)};
      const Tensor h0 = part(state.h, i), c0 = part(state.c, i);
      const RnnResult r =
          projections.empty()
              ? direction(in, h0, c0, computed, options)
              : projected(in, h0, c0, computed, projections[static_cast<size_t>(i)], options);
      ys.push_back(r.y);
      hs.push_back(r.h);
      if (r.c.defined()) cs.push_back(r.c);
    }
    in = ys.size() == 1 ? ys[0] : side_by_side(ys[0], ys[1]);
  }
  const auto joined = [&](const std::vector<Tensor>& parts) {
    return parts.empty() ? Tensor() : cast(stack(parts, 0), dtype);
  };
  return {cast(in, dtype), {joined(hs), joined(cs)}};
}

RnnResult Recurrent::projected(const Tensor& x, const Tensor& h0, const Tensor& c0, RnnWeights w,
                               const Tensor& projection, const RnnOptions& options) const {
  const Tensor w_hr = to_compute(projection);
  Tensor in = x;
  if (h0.defined()) {
    in = with_first_state(x, h0, options);
    w.w_ih = concat({w.w_ih, w.w_hh}, 1);
  }
  w.w_hh = matmul(w.w_hh, w_hr);
  const RnnResult r = direction(in, {}, c0, w, options);
  return {linear(r.y, w_hr), linear(r.h, w_hr), r.c};
}

RNN::RNN(const RNNConfig& config)
    : Recurrent("RNN",
                {.in = config.in,
                 .hidden = config.hidden,
                 .layers = config.layers,
                 .bidirectional = config.bidirectional,
                 .dropout = config.dropout,
                 .bias = config.bias},
                1),
      activation_(config.activation) {}

RnnResult RNN::direction(const Tensor& x, const Tensor& h0, const Tensor&, const RnnWeights& w,
                         const RnnOptions& options) const {
  return rnn(x, h0, w, activation_, options);
}

RnnResult LSTM::direction(const Tensor& x, const Tensor& h0, const Tensor& c0, const RnnWeights& w,
                          const RnnOptions& options) const {
  return lstm(x, h0, c0, w, options);
}

RnnResult GRU::direction(const Tensor& x, const Tensor& h0, const Tensor&, const RnnWeights& w,
                         const RnnOptions& options) const {
  return gru(x, h0, w, options);
}

}  // namespace strata::nn
