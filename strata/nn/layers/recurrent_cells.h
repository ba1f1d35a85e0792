#pragma once

#include <cstdint>
#include <string>

#include "strata/nn/layers/recurrent.h"

namespace strata::nn {

struct RecurrentCellConfig {
  int64_t in = -1;      ///< required
  int64_t hidden = -1;  ///< required
  bool bias = true;
};

/// One step of a recurrent layer, from x [N, in] and a state [N, hidden] to the next state; without
/// N as well. Undefined states are zero. PyTorch's parameters (weight_ih [G H, in], weight_hh
/// [G H, H], bias_ih, bias_hh) and initial values, uniform within 1/sqrt(hidden). Called with x
/// alone a cell gives the state h after a zero one. Constructors throw ValueError for missing
/// sizes; calls throw the ops' errors and ShapeError for an x or a state of another shape. A whole
/// sequence is faster through RNN, LSTM and GRU.
class RecurrentCell : public Module {
 public:
  void members(Visitor& v) override;
  Tensor forward(const Tensor& x) override { return step(x, {}).h; }
  const RecurrentCellConfig& config() const { return config_; }

  RnnWeights weights;

 protected:
  RecurrentCell(const char* name, const RecurrentCellConfig& config, int64_t gates);
  /// A step that observers see.
  RecurrentState next(const Tensor& x, const RecurrentState& state);
  /// The op over a sequence. `c0` matters to LSTMCell alone.
  virtual RnnResult sequence(const Tensor& x, const Tensor& h0, const Tensor& c0,
                             const RnnWeights& w) const = 0;

 private:
  RecurrentState step(const Tensor& x, const RecurrentState& state) const;

  RecurrentCellConfig config_;
};

struct RNNCellConfig {
  int64_t in = -1;      ///< required
  int64_t hidden = -1;  ///< required
  bool bias = true;
  RnnActivation activation = RnnActivation::tanh;
};

/// A step of Elman's network: h' = cell(x, h). See rnn and RecurrentCell.
class RNNCell final : public RecurrentCell {
 public:
  explicit RNNCell(const RNNCellConfig& config);
  std::string type() const override { return "RNNCell"; }
  const RNNCellConfig& config() const { return config_; }
  using Module::operator();
  Tensor operator()(const Tensor& x, const Tensor& h) { return next(x, {.h = h}).h; }

 private:
  RnnResult sequence(const Tensor& x, const Tensor& h0, const Tensor& c0,
                     const RnnWeights& w) const override;
  RNNCellConfig config_;
};

/// A step of LSTM: state = cell(x, state). Gates i, f, g, o. See lstm and RecurrentCell.
class LSTMCell final : public RecurrentCell {
 public:
  explicit LSTMCell(const RecurrentCellConfig& config) : RecurrentCell("LSTMCell", config, 4) {}
  std::string type() const override { return "LSTMCell"; }
  using Module::operator();
  RecurrentState operator()(const Tensor& x, const RecurrentState& state) { return next(x, state); }

 private:
  RnnResult sequence(const Tensor& x, const Tensor& h0, const Tensor& c0,
                     const RnnWeights& w) const override;
};

/// A step of GRU: h' = cell(x, h). Gates r, z, n. See gru and RecurrentCell.
class GRUCell final : public RecurrentCell {
 public:
  explicit GRUCell(const RecurrentCellConfig& config) : RecurrentCell("GRUCell", config, 3) {}
  std::string type() const override { return "GRUCell"; }
  using Module::operator();
  Tensor operator()(const Tensor& x, const Tensor& h) { return next(x, {.h = h}).h; }

 private:
  RnnResult sequence(const Tensor& x, const Tensor& h0, const Tensor& c0,
                     const RnnWeights& w) const override;
};

}  // namespace strata::nn
