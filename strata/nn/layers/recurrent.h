#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "strata/nn/module.h"
#include "strata/ops/rnn.h"

namespace strata::nn {

struct RecurrentConfig {
  int64_t in = -1;      ///< required
  int64_t hidden = -1;  ///< required: units of each layer and direction
  int64_t layers = 1;
  bool bidirectional = false;  ///< a second direction from the end; results side by side
  double dropout = 0;          ///< of what goes from layer to layer, in training
  bool bias = true;
  int64_t proj = 0;  ///< LSTM alone: h is that wide, below hidden; 0: as wide as hidden
};

/// States between steps, [layers * directions, N, hidden], h with `proj` [..., proj]: layer 0
/// forward, layer 0 reverse, layer 1 ...; undefined ones are zero.
struct RecurrentState {
  Tensor h = {};
  Tensor c = {};  ///< LSTM's cells
};

struct RecurrentOutput {
  Tensor y;              ///< [N, T, hidden or proj], or twice that with two directions
  RecurrentState state;  ///< after each row's last step
};

/// Parameters of one layer in one direction with that many gates and `state` units in what it hands
/// on, uniform within 1/sqrt(hidden).
RnnWeights recurrent_weights(int64_t in, int64_t hidden, int64_t state, int64_t gates, bool bias);

/// Layers over sequences [N, T, in] with PyTorch's parameters (weight_ih_l0 [G H, in], weight_hh_l0
/// [G H, H], bias_ih_l0, bias_hh_l0, weight_ih_l0_reverse, ..._l1 ...), meaning with batch_first,
/// and initial values, uniform within 1/sqrt(hidden). With `proj` P an LSTM's h is multiplied by
/// weight_hr_l0 [P, H] before it goes on (Sak et al., 2014), and weight_hh_l0 is [G H, P]. Called
/// with one tensor a layer gives y; with a state it goes on from there, as generation does step by
/// step:
///
///   RecurrentState state;
///   for (;;) {
///     const RecurrentOutput out = layer(x, state);  // x [N, 1, in]
///     state = out.state;
///   }
///
/// `lengths` i64[N] makes rows shorter, as pack_padded_sequence does. Constructors throw ValueError
/// for missing sizes, a dropout outside of [0, 1] and a proj that does not fit; calls throw the
/// ops' errors and ShapeError for a state of another shape.
class Recurrent : public Module {
 public:
  void members(Visitor& v) override;
  Tensor forward(const Tensor& x) override { return run(x, {}, {}, {}).y; }
  using Module::operator();
  RecurrentOutput operator()(const Tensor& x, const RecurrentState& state,
                             const Tensor& lengths = {});
  /// The same of rows of `table` [symbols, in]: (*this)(embedding(table, ids), state, lengths) for
  /// ids i64[N, T]. Many steps multiply each row of the table once and look the products up.
  RecurrentOutput symbols(const Tensor& ids, const Tensor& table, const RecurrentState& state = {},
                          const Tensor& lengths = {});
  const RecurrentConfig& config() const { return config_; }

  std::vector<RnnWeights> weights;  ///< in the order of the states
  std::vector<Tensor> projections;  ///< likewise; none without `proj`

 protected:
  Recurrent(const char* name, const RecurrentConfig& config, int64_t gates);
  /// One layer in one direction. `c0` matters to LSTM alone.
  virtual RnnResult direction(const Tensor& x, const Tensor& h0, const Tensor& c0,
                              const RnnWeights& w, const RnnOptions& options) const = 0;

 private:
  /// direction() of a state that is multiplied by `projection` [P, H] before it goes on. For the op
  /// it is not: W_hh (W_hr m) = (W_hh W_hr) m, and h0 [N, P], which is no W_hr m, stands beside the
  /// input of the first step.
  RnnResult projected(const Tensor& x, const Tensor& h0, const Tensor& c0, RnnWeights w,
                      const Tensor& projection, const RnnOptions& options) const;
  RecurrentOutput run(const Tensor& x, const Tensor& table, const RecurrentState& state,
                      const Tensor& lengths);
  RecurrentOutput observed(const Tensor& x, const Tensor& table, const RecurrentState& state,
                           const Tensor& lengths);
  int64_t directions() const { return config_.bidirectional ? 2 : 1; }
  int64_t width() const { return config_.proj > 0 ? config_.proj : config_.hidden; }

  RecurrentConfig config_;
};

struct RNNConfig {
  int64_t in = -1;      ///< required
  int64_t hidden = -1;  ///< required
  int64_t layers = 1;
  bool bidirectional = false;
  double dropout = 0;
  bool bias = true;
  RnnActivation activation = RnnActivation::tanh;
};

/// Elman's network: see rnn and Recurrent.
class RNN final : public Recurrent {
 public:
  explicit RNN(const RNNConfig& config);
  std::string type() const override { return "RNN"; }

 private:
  RnnResult direction(const Tensor& x, const Tensor& h0, const Tensor& c0, const RnnWeights& w,
                      const RnnOptions& options) const override;
  RnnActivation activation_;
};

/// Long short-term memory: see lstm and Recurrent. Gates i, f, g, o.
class LSTM final : public Recurrent {
 public:
  explicit LSTM(const RecurrentConfig& config) : Recurrent("LSTM", config, 4) {}
  std::string type() const override { return "LSTM"; }

 private:
  RnnResult direction(const Tensor& x, const Tensor& h0, const Tensor& c0, const RnnWeights& w,
                      const RnnOptions& options) const override;
};

/// Gated recurrent units, the reset gate behind the product: see gru and Recurrent. Gates r, z, n.
class GRU final : public Recurrent {
 public:
  explicit GRU(const RecurrentConfig& config) : Recurrent("GRU", config, 3) {}
  std::string type() const override { return "GRU"; }

 private:
  RnnResult direction(const Tensor& x, const Tensor& h0, const Tensor& c0, const RnnWeights& w,
                      const RnnOptions& options) const override;
};

}  // namespace strata::nn
