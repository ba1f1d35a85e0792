#include "strata/ops/rnn.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/work_counter.h"
#include "strata/kernels/rnn.h"
#include "strata/kernels/work_log.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/rnn_recorded.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

using kernels::RnnCell;

const char* name_of(RnnCell cell) {
  return cell == RnnCell::lstm ? "lstm" : cell == RnnCell::gru ? "gru" : "rnn";
}

struct Call {
  RnnCell cell;
  const Tensor &x, &h0, &c0;
  const RnnWeights& w;
  const RnnOptions& options;

  const char* name() const { return name_of(cell); }
  bool looked_up() const { return x.dtype() == DType::i64; }
  DType dtype() const { return w.w_ih.dtype(); }
  std::string inputs() const {
    return fmt::format("x is {}, w_ih is {}, w_hh is {}", describe(x), describe(w.w_ih),
                       describe(w.w_hh));
  }
};

void check_shape(const Call& call, const char* what, const Tensor& t, const Shape& shape) {
  if (!t.defined()) return;
  if (t.shape() != shape) {
    throw ShapeError(call.name(), fmt::format("{} must be {}, got {}: {}", what, to_string(shape),
                                              describe(t), call.inputs()));
  }
  if (t.dtype() != call.dtype()) {
    throw DTypeError(call.name(), fmt::format("{} is {}: {}", what, describe(t), call.inputs()),
                     "cast() one of them");
  }
  internal::check_same_device(call.name(), call.x, t);
}

void check_lengths(const Call& call) {
  const Tensor& lengths = call.options.lengths;
  if (!lengths.defined()) return;
  const int64_t rows = call.x.size(0), steps = call.x.size(1);
  if (lengths.dtype() != DType::i64 || lengths.shape() != Shape{rows}) {
    throw ShapeError(call.name(), fmt::format("lengths must be i64[{}], one for each row of x ({}),"
                                              " got {}",
                                              rows, describe(call.x), describe(lengths)));
  }
  if (!call.x.is_meta()) internal::check_same_device(call.name(), call.x, lengths);
  if (lengths.is_meta()) return;
  const auto values = lengths.to_vector<int64_t>();
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= 1 && values[i] <= steps) continue;
    throw ValueError(call.name(),
                     fmt::format("length {} of row {} is not in 1 ... {}", values[i], i, steps));
  }
}

void check_symbols(const Call& call) {
  if (call.x.is_meta()) return;
  const int64_t symbols = call.w.w_ih.size(0);
  for (const int64_t v : call.x.to_vector<int64_t>()) {
    if (v >= 0 && v < symbols) continue;
    throw IndexError(call.name(), fmt::format("symbol {} is not in 0 ... {}: {}", v, symbols - 1,
                                              call.inputs()));
  }
}

void check(const Call& call) {
  const Tensor& x = call.x;
  if (!is_floating(call.dtype()) || (x.dtype() != call.dtype() && !call.looked_up())) {
    throw DTypeError(call.name(),
                     "takes floating tensors of one dtype, or x of i64: " + call.inputs());
  }
  if (x.rank() != (call.looked_up() ? 2 : 3) || call.w.w_ih.rank() != 2 ||
      call.w.w_hh.rank() != 2) {
    throw ShapeError(call.name(),
                     "takes x [N, T, C], w_ih [G H, C] and w_hh [G H, H], or x i64[N, "
                     "T] and w_ih [symbols, G H]: " +
                         call.inputs());
  }
  if (x.size(1) == 0) throw ShapeError(call.name(), "x has no step: " + call.inputs());
  const int64_t units = call.w.w_hh.size(1), all = kernels::rnn_gates(call.cell) * units;
  check_shape(call, "w_ih", call.w.w_ih,
              call.looked_up() ? Shape{call.w.w_ih.size(0), all} : Shape{all, x.size(2)});
  check_shape(call, "w_hh", call.w.w_hh, {all, units});
  check_shape(call, "b_ih", call.w.b_ih, {all});
  check_shape(call, "b_hh", call.w.b_hh, {all});
  check_shape(call, "h0", call.h0, {x.size(0), units});
  check_shape(call, "c0", call.c0, {x.size(0), units});
  check_lengths(call);
  if (call.looked_up()) check_symbols(call);
}

/// [N, T, W] as [T, N, W] with a contiguous last axis; [N, T] as [T, N].
Tensor time_first(const Tensor& t) {
  const Tensor turned = transpose(t, 0, 1);
  if (turned.rank() == 2) return turned;
  return turned.strides()[2] == 1 || turned.size(2) == 1 ? turned : copy(turned);
}

Tensor dense(const Tensor& t) { return t.defined() ? contiguous(t) : t; }

/// The kernel's arguments, without states, cells and gates.
kernels::RnnInputs arguments(RnnCell cell, const Tensor& x, const RnnWeights& w,
                             const RnnOptions& options, const Tensor& lengths) {
  kernels::RnnInputs in;
  in.cell = cell;
  in.reverse = options.reverse;
  in.lengths = lengths.defined() ? lengths.data<int64_t>() : nullptr;
  in.x = time_first(x);
  in.w_ih = dense(w.w_ih);
  in.w_hh = dense(w.w_hh);
  in.b_ih = dense(w.b_ih);
  in.b_hh = dense(w.b_hh);
  return in;
}

/// Room for T + 1 states, of which the initial one is written.
Tensor states_from(const Call& call, const Tensor& initial, int64_t first) {
  const Tensor& x = call.x;
  const int64_t units = call.w.w_hh.size(1);
  Tensor states = empty({x.size(1) + 1, x.size(0), units}, call.dtype(), x.device(), call.name());
  Tensor place = select(states, 0, first);
  if (states.is_meta()) return states;
  copy_(place, initial.defined() ? initial.detach() : zeros({}, call.dtype()));
  return states;
}

/// What a way back needs.
struct Kept {
  RnnCell cell;
  bool reverse;
  Saved x, w_ih, w_hh, b_ih, b_hh, h0, c0, lengths, states, cells, gates;
  SavedOutput y;

  Grads gradients(const std::vector<Tensor>& dys, Needs needs) const {
    if (grad_enabled()) {
      return internal::rnn_recorded_backward({cell,
                                              reverse,
                                              x.get(),
                                              {w_ih.get(), w_hh.get(), b_ih.get(), b_hh.get()},
                                              h0.get(),
                                              c0.get(),
                                              lengths.get(),
                                              y.get()},
                                             dys, needs);
    }
    const Tensor x_value = x.get();
    const RnnWeights w = {w_ih.get(), w_hh.get(), b_ih.get(), b_hh.get()};
    const auto wanted = [&](int i, const Shape& shape) {
      return needs[i] ? empty(shape, w.w_ih.dtype(), x_value.device(), name_of(cell)) : Tensor();
    };
    const Shape state = {x_value.size(0), w.w_hh.size(1)};
    const Shape bias = {w.w_hh.size(0)};
    kernels::RnnGradients g;
    if (x_value.rank() == 3) {
      g.dx = wanted(0, {x_value.size(1), x_value.size(0), x_value.size(2)});
    }
    g.dw_ih = wanted(1, w.w_ih.shape());
    g.dw_hh = wanted(2, w.w_hh.shape());
    g.db_ih = wanted(3, bias);
    g.db_hh = wanted(4, bias);
    g.dh_first = wanted(5, state);
    g.dc_first = wanted(6, state);
    on_cpu(name_of(cell), x_value, [&](Cpu cpu) {
      const int64_t rows = x_value.size(0), steps = x_value.size(1), all = rows * steps;
      const bool looked_up = x_value.rank() == 2;
      const int64_t gate_rows = bias[0], units = state[1];
      const int64_t in_size = looked_up ? 0 : x_value.size(2);
      const kernels::LoggedWork logged(
          {{{1, all, in_size, gate_rows, false, false}, needs[0] ? 1. : 0.},
           {{1, gate_rows, in_size, all, true, false}, needs[1] && !looked_up ? 1. : 0.},
           {{1, gate_rows, units, all, true, false}, needs[2] ? 1. : 0.},
           {{1, rows, units, gate_rows, false, false}, static_cast<double>(steps)}});
      const Tensor all_lengths = lengths.get();
      kernels::RnnInputs in = arguments(cell, x_value, w, {.reverse = reverse}, all_lengths);
      in.states = states.get();
      in.cells = cells.get();
      in.gates = gates.get();
      if (dys[0].defined()) g.dy = time_first(dys[0]);
      g.dh_last = dense(dys[1]);
      if (dys.size() > 2) g.dc_last = dense(dys[2]);
      kernels::rnn_backward(cpu, in, g);
    });
    return {g.dx.defined() ? transpose(g.dx, 0, 1) : g.dx,
            g.dw_ih,
            g.dw_hh,
            g.db_ih,
            g.db_hh,
            g.dh_first,
            g.dc_first};
  }
};

RnnResult run_recorded(const Call& call);

/// bf16 in f32.
RnnResult run_wide(const Call& call) {
  const DType dtype = call.dtype();
  const auto wide = [](const Tensor& t) { return t.defined() ? cast(t, DType::f32) : t; };
  const auto narrow = [&](const Tensor& t) { return t.defined() ? cast(t, dtype) : t; };
  const Tensor x = call.looked_up() ? call.x : wide(call.x), h0 = wide(call.h0), c0 = wide(call.c0);
  const RnnWeights w = {wide(call.w.w_ih), wide(call.w.w_hh), wide(call.w.b_ih), wide(call.w.b_hh)};
  const RnnResult r = run_recorded({call.cell, x, h0, c0, w, call.options});
  return {narrow(r.y), narrow(r.h), narrow(r.c)};
}

RnnResult run_recorded(const Call& call) {
  const RnnCell cell = call.cell;
  const RnnOptions& options = call.options;
  const RnnWeights& w = call.w;
  const Tensor &x = call.x, &h0 = call.h0, &c0 = call.c0;
  const bool is_lstm = cell == RnnCell::lstm, kept = cell == RnnCell::gru || is_lstm;
  const Inputs inputs = {x, w.w_ih, w.w_hh, w.b_ih, w.b_hh, h0, c0};
  const bool recorded = internal::wants_record(std::span(inputs.begin(), inputs.size()));
  const int64_t rows = x.size(0), steps = x.size(1), units = w.w_hh.size(1);
  const int64_t first = options.reverse ? steps : 0, last = options.reverse ? 0 : steps;
  Tensor states, cells, gates, lengths, y;
  std::vector<Tensor> outputs;
  {
    const NoGrad no_grad;
    states = states_from(call, h0, first);
    if (is_lstm) cells = states_from(call, c0, first);
    if (recorded && kept) {
      gates = empty({steps, rows, kernels::rnn_kept(cell) * units}, call.dtype(), x.device(),
                    call.name());
    }
    lengths = options.lengths.defined() && !x.is_meta() ? contiguous(options.lengths) : Tensor();
    if (options.lengths.defined()) y = empty({steps, rows, units}, call.dtype(), x.device());
    const int64_t in_size = call.looked_up() ? 0 : x.size(2);
    count_macs(rows * steps * w.w_hh.size(0) * (in_size + units));
    on_cpu(call.name(), x, [&](Cpu cpu) {
      const int64_t gate_rows = w.w_hh.size(0);
      const kernels::LoggedWork logged(
          {{{1, rows * steps, gate_rows, in_size, false, true}, call.looked_up() ? 0. : 1.},
           {{1, rows, gate_rows, units, false, true}, static_cast<double>(steps)}});
      kernels::RnnInputs in = arguments(cell, x, w, options, lengths);
      in.states = states;
      in.cells = cells;
      in.gates = gates;
      kernels::rnn_forward(cpu, in, y);
    });
    if (!y.defined())
      y = slice(states, 0, options.reverse ? 0 : 1, steps + (options.reverse ? 0 : 1));
    outputs = {transpose(y, 0, 1), copy(select(states, 0, last))};
    if (is_lstm) outputs.push_back(copy(select(cells, 0, last)));
  }
  Kept keep = {cell,         options.reverse,        save(x),      save(w.w_ih),
               save(w.w_hh), save(w.b_ih),           save(w.b_hh), save(h0),
               save(c0),     save(lengths),          save(states), save(cells),
               save(gates),  save_output(outputs[0])};
  outputs = record(call.name(), inputs, std::move(outputs),
                   [kept = std::move(keep)](const std::vector<Tensor>& dys, Needs needs) {
                     return kept.gradients(dys, needs);
                   });
  return {outputs[0], outputs[1], is_lstm ? outputs[2] : Tensor()};
}

RnnResult run(const Call& call) {
  check(call);
  const bool native = call.dtype() == DType::f32 || call.dtype() == DType::f64;
  return native ? run_recorded(call) : run_wide(call);
}

}  // namespace

RnnResult rnn(const Tensor& x, const Tensor& h0, const RnnWeights& weights,
              RnnActivation activation, const RnnOptions& options) {
  const RnnCell cell = activation == RnnActivation::relu ? RnnCell::relu : RnnCell::tanh;
  return run({cell, x, h0, {}, weights, options});
}

RnnResult lstm(const Tensor& x, const Tensor& h0, const Tensor& c0, const RnnWeights& weights,
               const RnnOptions& options) {
  return run({RnnCell::lstm, x, h0, c0, weights, options});
}

RnnResult gru(const Tensor& x, const Tensor& h0, const RnnWeights& weights,
              const RnnOptions& options) {
  return run({RnnCell::gru, x, h0, {}, weights, options});
}

}  // namespace strata
