"""PyTorch's answers for strata/opcases/rnn.cpp: the reverse direction is taken from a layer of two
directions whose forward weights are zeros."""
import torch
from rule import Input, family
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

cases = family("rnn")
NAMES = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]


def layer(kind, activation):
    options = {"nonlinearity": activation} if kind is torch.nn.RNN else {}

    def run(x, weights, states, reverse, lengths):
        units = weights[1].shape[1]
        m = kind(x.shape[2], units, batch_first=True, bias=len(weights) == 4,
                 bidirectional=reverse, dtype=x.dtype, **options)
        values = {n: torch.zeros_like(p) for n, p in m.named_parameters()}
        for name, w in zip(NAMES, weights):
            values[name + "_reverse" if reverse else name] = w
        hx = None
        if states:
            both = [torch.stack([torch.zeros_like(s), s] if reverse else [s]) for s in states]
            hx = tuple(both) if len(both) > 1 else both[0]
        if lengths is not None:
            x_in = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        else:
            x_in = x
        y, h = torch.func.functional_call(m, values, (x_in, hx))
        if lengths is not None:
            y, _ = pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])
        h = h if isinstance(h, tuple) else (h,)
        return [y[..., -units:], *[s[-1] for s in h]]

    return run


LSTM, GRU = layer(torch.nn.LSTM, None), layer(torch.nn.GRU, None)
TANH, RELU = layer(torch.nn.RNN, "tanh"), layer(torch.nn.RNN, "relu")


def add(name, gates, states, run, reverse=False, lengths=False):
    inputs = [Input((3, 5, 4)), Input((7 * gates, 4)), Input((7 * gates, 7), -0.6, 0.6),
              Input((7 * gates,)), Input((7 * gates,))] + [Input((3, 7))] * states
    if lengths:
        inputs.append(Input((3,), 1, 6, integer=True))

    def f(*xs):
        return run(xs[0], xs[1:5], xs[5:5 + states], reverse, xs[-1] if lengths else None)

    cases.add(name, inputs, f)


add("rnn/tanh", 1, 1, TANH)
add("rnn/relu", 1, 1, RELU)
add("lstm", 4, 2, LSTM)
add("gru", 3, 1, GRU)
for name, gates, states, run in [("rnn", 1, 1, TANH), ("lstm", 4, 2, LSTM), ("gru", 3, 1, GRU)]:
    add(name + "/reverse", gates, states, run, reverse=True)
    add(name + "/lengths", gates, states, run, lengths=True)
    add(name + "/lengths_reverse", gates, states, run, reverse=True, lengths=True)
    cases.add(name + "/bare", [Input((2, 3, 4)), Input((3 * gates, 4)), Input((3 * gates, 3))],
              lambda x, a, b, run=run: run(x, (a, b), (), False, None)[0])
cases.write()
