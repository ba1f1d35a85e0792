"""PyTorch's answers for strata/opcases/activations.cpp."""
import torch.nn.functional as F
from rule import Input, family

cases = family("activations")
for name, f in [
    ("relu", F.relu),
    ("leaky_relu", lambda x: F.leaky_relu(x, 0.2)),
    ("sigmoid", F.sigmoid),
    ("silu", F.silu),
    ("gelu", F.gelu),
    ("gelu_tanh", lambda x: F.gelu(x, approximate="tanh")),
    ("softplus", F.softplus),
    ("softplus/beta", lambda x: F.softplus(x, 2.5, 4)),
]:
    cases.add(name, [Input((4, 7), -4, 4)], f)
cases.add("add_relu", [Input((4, 7), -4, 4)] * 2, lambda a, b: F.relu(a + b))
cases.write()
