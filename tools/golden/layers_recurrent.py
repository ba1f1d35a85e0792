"""PyTorch's answers for tests/nn/layers/recurrent_test.cpp: two layers in both directions over
padded rows, from given states, on weights by rule: outputs, states and all gradients, and those of
a penalty on the gradient of x. And for recurrent_cells_test.cpp: two steps of each cell, one of a
single row, and one from a zero state."""
import pathlib

import torch
from rule_weights import rule_tensor, set_rule_weights
from safetensors.torch import save_file
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS, STEPS, IN, HIDDEN, LENGTHS = 3, 7, 5, 6, [7, 3, 5]

dump = {}
for name, kind, proj in [("RNN", torch.nn.RNN, 0), ("LSTM", torch.nn.LSTM, 0),
                         ("GRU", torch.nn.GRU, 0), ("Projected", torch.nn.LSTM, 4)]:
    lstm = kind is torch.nn.LSTM
    m = set_rule_weights(kind(IN, HIDDEN, 2, batch_first=True, bidirectional=True,
                              **({"proj_size": proj} if proj else {})).double())
    x = rule_tensor("x", (ROWS, STEPS, IN)).double().requires_grad_()
    states = [rule_tensor(s, (4, ROWS, width)).double().requires_grad_()
              for s, width in [("h", proj or HIDDEN), ("c", HIDDEN)][:2 if lstm else 1]]
    packed = pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False)
    y, after = m(packed, tuple(states) if lstm else states[0])
    y, _ = pad_packed_sequence(y, batch_first=True, total_length=STEPS)
    outputs = {"y": y, **dict(zip(("h", "c"), after if lstm else (after,)))}
    score = sum((v * rule_tensor("d" + k, tuple(v.shape)).double()).sum()
                for k, v in outputs.items())
    leaves = {"x": x, **dict(zip(("h", "c"), states)), **dict(m.named_parameters())}
    score.backward(retain_graph=True)
    for k, v in outputs.items():
        dump[f"{name}.{k}"] = v.detach()
    for k, t in leaves.items():
        dump[f"{name}.grad.{k}"], t.grad = t.grad, None
    slope, = torch.autograd.grad(score, x, create_graph=True)
    penalty = ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
    penalty.backward()
    dump[f"{name}.penalty"] = penalty.detach()
    for k, t in leaves.items():
        if t.grad is not None:
            dump[f"{name}.penalty.grad.{k}"] = t.grad

for name, kind, options in [("RNNCell", torch.nn.RNNCell, {}), ("LSTMCell", torch.nn.LSTMCell, {}),
                            ("ReluCell", torch.nn.RNNCell, {"nonlinearity": "relu"}),
                            ("GRUCell", torch.nn.GRUCell, {}),
                            ("BareCell", torch.nn.LSTMCell, {"bias": False})]:
    m = set_rule_weights(kind(IN, HIDDEN, **options).double())
    lstm = kind is torch.nn.LSTMCell
    x = rule_tensor("x", (2, ROWS, IN)).double().requires_grad_()
    states = [rule_tensor(s, (ROWS, HIDDEN)).double().requires_grad_()
              for s in ("h", "c")[:2 if lstm else 1]]
    state = tuple(states) if lstm else states[0]
    row = tuple(s[0] for s in states) if lstm else states[0][0]
    after = m(x[1], m(x[0], state))
    outputs = dict(zip(("h", "c"), after if lstm else (after,)))
    sum((v * rule_tensor("d" + k, tuple(v.shape)).double()).sum()
        for k, v in outputs.items()).backward()
    for k, t in {**outputs, "row": m(x[0, 0], row), "zero": m(x[0])}.items():
        dump[f"{name}.{k}"] = (t[0] if isinstance(t, tuple) else t).detach()
    for k, t in {"x": x, **dict(zip(("h", "c"), states)), **dict(m.named_parameters())}.items():
        dump[f"{name}.grad.{k}"] = t.grad
path = ROOT / "tests" / "golden" / "nn" / "recurrent.safetensors"
path.parent.mkdir(parents=True, exist_ok=True)
save_file({k: v.float().clone().contiguous() for k, v in dump.items()}, path)
print(path.relative_to(ROOT), len(dump), path.stat().st_size)
assert path.stat().st_size < 100_000
