"""PyTorch's answers for tests/nn/layers/recurrent_test.cpp: two layers in both directions over
padded rows, from given states, on weights by rule: outputs, states and all gradients."""
import pathlib

import torch
from rule_weights import rule_tensor, set_rule_weights
from safetensors.torch import save_file
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS, STEPS, IN, HIDDEN, LENGTHS = 3, 7, 5, 6, [7, 3, 5]

dump = {}
for name, kind in [("RNN", torch.nn.RNN), ("LSTM", torch.nn.LSTM), ("GRU", torch.nn.GRU)]:
    m = set_rule_weights(kind(IN, HIDDEN, 2, batch_first=True, bidirectional=True).double())
    x = rule_tensor("x", (ROWS, STEPS, IN)).double().requires_grad_()
    states = [rule_tensor(s, (4, ROWS, HIDDEN)).double().requires_grad_()
              for s in ("h", "c")[:2 if name == "LSTM" else 1]]
    packed = pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False)
    y, after = m(packed, tuple(states) if name == "LSTM" else states[0])
    y, _ = pad_packed_sequence(y, batch_first=True, total_length=STEPS)
    outputs = {"y": y, **dict(zip(("h", "c"), after if name == "LSTM" else (after,)))}
    sum((v * rule_tensor("d" + k, tuple(v.shape)).double()).sum()
        for k, v in outputs.items()).backward()
    for k, v in outputs.items():
        dump[f"{name}.{k}"] = v.detach()
    dump[f"{name}.grad.x"] = x.grad
    for k, s in zip(("h", "c"), states):
        dump[f"{name}.grad.{k}"] = s.grad
    for k, p in m.named_parameters():
        dump[f"{name}.grad.{k}"] = p.grad
path = ROOT / "tests" / "golden" / "nn" / "recurrent.safetensors"
path.parent.mkdir(parents=True, exist_ok=True)
save_file({k: v.float().contiguous() for k, v in dump.items()}, path)
print(path.relative_to(ROOT), len(dump), path.stat().st_size)
assert path.stat().st_size < 100_000
