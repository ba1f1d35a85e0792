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
    ("elu", F.elu),
    ("elu/alpha", lambda x: F.elu(x, 0.7)),
    ("selu", F.selu),
    ("celu", lambda x: F.celu(x, 1.5)),
    ("mish", F.mish),
    ("hardtanh", lambda x: F.hardtanh(x, -2, 1.5)),
    ("relu6", lambda x: F.relu6(x * 2)),
    ("hardsigmoid", F.hardsigmoid),
    ("hardswish", F.hardswish),
    ("softsign", F.softsign),
    ("logsigmoid", F.logsigmoid),
    ("tanhshrink", F.tanhshrink),
    ("softshrink", lambda x: F.softshrink(x, 0.8)),
    ("hardshrink", lambda x: F.hardshrink(x, 0.8)),
    ("rrelu", lambda x: F.rrelu(x, 0.2, 0.5)),
    ("threshold", lambda x: F.threshold(x, 0.3, -1.25)),
]:
    cases.add(name, [Input((4, 7), -4, 4)], f)
cases.add("add_relu", [Input((4, 7), -4, 4)] * 2, lambda a, b: F.relu(a + b))
channels = Input((2, 3, 4), -4, 4)
cases.add("prelu", [channels, Input((4,), 0, 0.5)],
          lambda x, w: F.prelu(x.movedim(-1, 1), w).movedim(1, -1))
cases.add("prelu/one", [channels, Input((1,), 0, 0.5)], F.prelu)
cases.add("prelu/scalar", [Input((), -4, -3), Input((1,))], F.prelu)
cases.add("glu", [channels], lambda x: [F.glu(x), F.glu(x, 0)])
cases.write()
