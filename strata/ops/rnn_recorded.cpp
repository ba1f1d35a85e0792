#include "strata/ops/rnn_recorded.h"

#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/joining.h"
#include "strata/ops/linear.h"
#include "strata/ops/matmul.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/sequences.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata::internal {
namespace {

using kernels::RnnCell;

/// Of all steps at once, [N, T, ...]: what a step multiplies the gradients with that reach it, dh
/// of its state and dc of its cell.
struct Factors {
  Tensor products;          ///< [N, T, G H]: to those of the gates' sums
  Tensor products_in = {};  ///< gru: to those of the input's share of n, [N, T, H]
  Tensor keep = {};         ///< dh to what goes on to the state before; undefined: nothing does
  Tensor cell = {};         ///< lstm: dh to dc
  Tensor forget = {};       ///< lstm: dc to that of the cell before
};

class WayBack {
 public:
  explicit WayBack(const RecordedRnn& call)
      : call_(call),
        rows_(call.x.size(0)),
        steps_(call.x.size(1)),
        units_(call.w.w_hh.size(1)),
        all_(call.w.w_hh.size(0)) {
    const Tensor& lengths = call.lengths;
    x_ = call.x;
    if (lengths.defined()) {
      const Tensor step = arange(0, static_cast<double>(steps_), 1, DType::i64, x_.device());
      alive_ = unsqueeze(sequence_mask(lengths, steps_), 2);
      starts_ = unsqueeze(step == unsqueeze(lengths - 1, 1), 2);
      // What stands behind a row's end may be anything, NaN too.
      if (x_.rank() == 3) x_ = where(alive_, x_, 0);
    }
    h_before_ = states_before();
  }

  Grads run(const std::vector<Tensor>& dys, Needs needs) {
    const Factors f = factors();
    go_back(f, dys);
    Grads g(7);
    const Tensor flat = reshape(dz_, {rows_ * steps_, all_});
    if (needs[2])
      g[2] = matmul(transpose(flat, 0, 1), reshape(h_before_, {rows_ * steps_, units_}));
    if (needs[4]) g[4] = sum(flat, {0});
    if (needs[5]) g[5] = dh_;
    if (needs[6]) g[6] = dc_;
    if (!needs[0] && !needs[1] && !needs[3]) return g;
    Tensor dz_in = dz_;
    if (call_.cell == RnnCell::gru) {
      dz_in = concat({slice(dz_, 2, 0, 2 * units_), dhs_ * f.products_in}, 2);
    }
    if (needs[0]) g[0] = matmul(dz_in, call_.w.w_ih);
    const Tensor flat_in = reshape(dz_in, {rows_ * steps_, all_});
    if (needs[3]) g[3] = sum(flat_in, {0});
    if (!needs[1]) return g;
    if (x_.rank() == 2) {
      g[1] = index_add(zeros_like(call_.w.w_ih), 0, reshape(x_, {rows_ * steps_}), flat_in);
    } else {
      const Tensor flat_x = reshape(x_, {rows_ * steps_, x_.size(2)});
      g[1] = matmul(transpose(flat_in, 0, 1), flat_x);
    }
    return g;
  }

 private:
  Tensor initial(const Tensor& state) const {
    return state.defined() ? state : zeros({rows_, units_}, call_.w.w_hh.dtype(), x_.device());
  }

  /// [N, T, H]: the state that each step starts from. Those of steps behind a row's end are of no
  /// account.
  Tensor states_before() const {
    const Tensor first = unsqueeze(initial(call_.h0), 1);
    if (!call_.reverse) return concat({first, slice(call_.y, 1, 0, steps_ - 1)}, 1);
    const Tensor before = concat({slice(call_.y, 1, 1), first}, 1);
    return starts_.defined() ? where(starts_, first, before) : before;
  }

  /// x, or `behind` at the steps behind a row's end.
  Tensor alive_or(const Tensor& x, double behind) const {
    return alive_.defined() ? where(alive_, x, behind) : x;
  }

  Factors factors() const {
    const RnnWeights& w = call_.w;
    if (call_.cell == RnnCell::tanh || call_.cell == RnnCell::relu) return state_factors();
    Tensor in;
    if (x_.rank() == 2) {
      in = embedding(w.w_ih, x_);
      if (w.b_ih.defined()) in = in + w.b_ih;
    } else {
      in = linear(x_, w.w_ih, w.b_ih);
    }
    const Tensor state = linear(h_before_, w.w_hh, w.b_hh);
    if (call_.cell == RnnCell::lstm) return lstm_factors(chunk(in + state, 4, 2));
    return gru_factors(chunk(in, 3, 2), chunk(state, 3, 2));
  }

  Factors state_factors() const {
    const Tensor& y = call_.y;
    const bool relu = call_.cell == RnnCell::relu;
    Factors to = {.products =
                      alive_or(relu ? cast(logical_not(y <= 0), y.dtype()) : 1 - square(y), 0)};
    if (alive_.defined()) to.keep = cast(logical_not(alive_), y.dtype());
    return to;
  }

  Factors lstm_factors(const std::vector<Tensor>& z) const {
    const Tensor i = sigmoid(z[0]), f = sigmoid(z[1]), g = tanh(z[2]), o = sigmoid(z[3]);
    const Tensor forget = alive_or(f, 1);
    const std::vector<Tensor> kept = unbind(forget, 1), added = unbind(alive_or(i * g, 0), 1);
    std::vector<Tensor> before(kept.size()), after(kept.size());
    Tensor c = initial(call_.c0);
    for (size_t n = 0; n < kept.size(); ++n) {
      const size_t t = call_.reverse ? kept.size() - 1 - n : n;
      before[t] = c;
      after[t] = c = kept[t] * c + added[t];
    }
    const Tensor seen = tanh(stack(after, 1));
    Factors to;
    to.products = alive_or(concat({g * i * (1 - i), stack(before, 1) * f * (1 - f),
                                   i * (1 - square(g)), seen * o * (1 - o)},
                                  2),
                           0);
    to.cell = alive_or(o * (1 - square(seen)), 0);
    to.forget = forget;
    if (alive_.defined()) to.keep = cast(logical_not(alive_), o.dtype());
    return to;
  }

  Factors gru_factors(const std::vector<Tensor>& in, const std::vector<Tensor>& state) const {
    const Tensor r = sigmoid(in[0] + state[0]), z = sigmoid(in[1] + state[1]);
    const Tensor n = tanh(in[2] + r * state[2]);
    const Tensor dn = (1 - z) * (1 - square(n));
    Factors to;
    to.products = alive_or(
        concat({dn * state[2] * r * (1 - r), (h_before_ - n) * z * (1 - z), dn * r}, 2), 0);
    to.products_in = alive_or(dn, 0);
    to.keep = alive_or(z, 1);
    return to;
  }

  /// Walks through the steps, from the last that was computed on.
  void go_back(const Factors& f, const std::vector<Tensor>& dys) {
    const bool lstm = call_.cell == RnnCell::lstm;
    const auto each = [](const Tensor& t) {
      return t.defined() ? unbind(t, 1) : std::vector<Tensor>();
    };
    const std::vector<Tensor> products = each(f.products), keep = each(f.keep), cell = each(f.cell),
                              forget = each(f.forget),
                              dy = each(dys[0].defined() ? alive_or(dys[0], 0) : dys[0]);
    std::vector<Tensor> dzs(products.size()), dhs(products.size());
    dh_ = initial(dys[1]);
    if (lstm) dc_ = initial(dys[2]);
    for (size_t i = 0; i < dzs.size(); ++i) {
      const size_t t = call_.reverse ? i : dzs.size() - 1 - i;
      const Tensor dh = dy.empty() ? dh_ : dh_ + dy[t];
      if (lstm) {
        const Tensor dc = dc_ + dh * cell[t];
        dzs[t] = concat({dc, dc, dc, dh}, 1) * products[t];
        dc_ = dc * forget[t];
      } else {
        const std::vector<Tensor> copies(static_cast<size_t>(all_ / units_), dh);
        dzs[t] = concat(copies, 1) * products[t];
      }
      dhs[t] = dh;
      dh_ = matmul(dzs[t], call_.w.w_hh);
      if (!keep.empty()) dh_ = dh_ + dh * keep[t];
    }
    dz_ = stack(dzs, 1);
    if (call_.cell == RnnCell::gru) dhs_ = stack(dhs, 1);
  }

  const RecordedRnn& call_;
  int64_t rows_, steps_, units_, all_;
  Tensor x_, alive_, starts_;  // alive_ and starts_ [N, T, 1]
  Tensor h_before_;
  Tensor dz_, dhs_;  // [N, T, G H] and [N, T, H]
  Tensor dh_, dc_;   // of the state and the cell that a step starts from, [N, H]
};

}  // namespace

Grads rnn_recorded_backward(const RecordedRnn& call, const std::vector<Tensor>& dys, Needs needs) {
  return WayBack(call).run(dys, needs);
}

}  // namespace strata::internal
