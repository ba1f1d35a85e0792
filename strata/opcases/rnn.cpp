#include "strata/ops/rnn.h"

#include <utility>

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

using In = std::span<const Tensor>;

/// x, w_ih, w_hh, b_ih, b_hh, then `states` initial states of N = 3, T = 5, C = 4, H = 7.
OpCase sequence_case(const char* name, int64_t gates, size_t states,
                     std::function<RnnResult(In, const RnnOptions&)> run, RnnOptions options = {}) {
  OpCase c = {.name = name,
              .inputs = {{.shape = {3, 5, 4}},
                         {.shape = {7 * gates, 4}},
                         {.shape = {7 * gates, 7}, .low = -0.6, .high = 0.6},
                         {.shape = {7 * gates}},
                         {.shape = {7 * gates}}},
              .run = [run = std::move(run), options](In in) {
                const RnnResult r = run(in, options);
                std::vector<Tensor> ys = {r.y, r.h};
                if (r.c.defined()) ys.push_back(r.c);
                return ys;
              }};
  for (size_t i = 0; i < states; ++i) c.inputs.push_back({.shape = {3, 7}});
  return c;
}

RnnWeights weights(In in) { return {in[1], in[2], in[3], in[4]}; }

RnnResult run_lstm(In in, const RnnOptions& o) { return lstm(in[0], in[5], in[6], weights(in), o); }
RnnResult run_gru(In in, const RnnOptions& o) { return gru(in[0], in[5], weights(in), o); }
RnnResult run_tanh(In in, const RnnOptions& o) {
  return rnn(in[0], in[5], weights(in), RnnActivation::tanh, o);
}
RnnResult run_relu(In in, const RnnOptions& o) {
  return rnn(in[0], in[5], weights(in), RnnActivation::relu, o);
}

/// The last input says how long the rows are.
OpCase with_lengths(OpCase c, bool reverse, RnnResult (*run)(In, const RnnOptions&)) {
  c.inputs.push_back({.shape = {3}, .low = 1, .high = 6, .integer = true});
  c.run = [run, reverse](In in) {
    const RnnResult r = run(in, {.reverse = reverse, .lengths = in.back()});
    std::vector<Tensor> ys = {r.y, r.h};
    if (r.c.defined()) ys.push_back(r.c);
    return ys;
  };
  return c;
}

/// Inputs as rows of a table of products, [6 symbols, G H].
OpCase looked_up(OpCase c) {
  c.inputs[0] = {.shape = {3, 5}, .low = 0, .high = 6, .integer = true};
  c.inputs[1].shape = {6, c.inputs[1].shape[0]};
  c.golden = false;
  return c;
}

/// Without biases and initial states.
OpCase bare(const char* name, int64_t gates, std::function<RnnResult(In)> run) {
  return {.name = name,
          .inputs = {{.shape = {2, 3, 4}}, {.shape = {3 * gates, 4}}, {.shape = {3 * gates, 3}}},
          .run = [run = std::move(run)](In in) { return std::vector{run(in).y}; }};
}

}  // namespace

std::vector<OpCase> rnn_cases() {
  std::vector<OpCase> cases = {
      sequence_case("rnn/tanh", 1, 1, run_tanh),
      sequence_case("rnn/relu", 1, 1, run_relu),
      sequence_case("lstm", 4, 2, run_lstm),
      sequence_case("gru", 3, 1, run_gru),
      sequence_case("rnn/reverse", 1, 1, run_tanh, {.reverse = true}),
      sequence_case("lstm/reverse", 4, 2, run_lstm, {.reverse = true}),
      sequence_case("gru/reverse", 3, 1, run_gru, {.reverse = true}),
      with_lengths(sequence_case("rnn/lengths", 1, 1, run_tanh), false, run_tanh),
      with_lengths(sequence_case("lstm/lengths", 4, 2, run_lstm), false, run_lstm),
      with_lengths(sequence_case("gru/lengths", 3, 1, run_gru), false, run_gru),
      with_lengths(sequence_case("rnn/lengths_reverse", 1, 1, run_tanh), true, run_tanh),
      with_lengths(sequence_case("lstm/lengths_reverse", 4, 2, run_lstm), true, run_lstm),
      with_lengths(sequence_case("gru/lengths_reverse", 3, 1, run_gru), true, run_gru),
      looked_up(sequence_case("rnn/symbols", 1, 1, run_tanh)),
      looked_up(sequence_case("lstm/symbols", 4, 2, run_lstm, {.reverse = true})),
      looked_up(sequence_case("gru/symbols", 3, 1, run_gru)),
      bare("rnn/bare", 1,
           [](In in) {
             return rnn(in[0], {}, {in[1], in[2]});
           }),
      bare("lstm/bare", 4,
           [](In in) {
             return lstm(in[0], {}, {}, {in[1], in[2]});
           }),
      bare("gru/bare", 3,
           [](In in) {
             return gru(in[0], {}, {in[1], in[2]});
           }),
  };
  return cases;
}

}  // namespace strata::opcases
