"""PyTorch's answers for strata/opcases/linear.cpp."""
import torch
import torch.nn.functional as F
from rule import Input, family

cases = family("linear")
for name, x, w, activation in [
    ("linear", (6, 5), (4, 5), lambda z: z),
    ("linear/vector", (5,), (4, 5), lambda z: z),
    ("linear/batch", (2, 3, 5), (4, 5), lambda z: z),
    ("linear/no_rows", (0, 5), (4, 5), lambda z: z),
    ("linear/no_inner", (3, 0), (4, 0), lambda z: z),
    ("linear/wide", (7, 10), (17, 10), lambda z: z),
    ("linear/relu", (6, 5), (4, 5), torch.relu),
    ("linear/sigmoid", (6, 5), (4, 5), torch.sigmoid),
    ("linear/tanh", (2, 3, 5), (4, 5), torch.tanh),
    ("linear/gelu", (6, 5), (4, 5), F.gelu),
    ("linear/gelu_tanh", (6, 5), (4, 5), lambda z: F.gelu(z, approximate="tanh")),
    ("linear/silu", (6, 5), (4, 5), F.silu),
]:
    cases.add(name, [Input(x), Input(w), Input((w[0],))],
              lambda x, w, b, f=activation: f(F.linear(x, w, b)))
cases.add("linear/no_bias", [Input((6, 5)), Input((4, 5))], F.linear)
cases.write()
