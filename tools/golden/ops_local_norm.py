"""PyTorch's answers for strata/opcases/local_norm.cpp."""
import torch.nn.functional as F
from rule import Input, family

cases = family("local_norm")


def add(name, inputs, f):
    cases.add(name, inputs, lambda x, *more: f(x.movedim(-1, 1), *more).movedim(1, -1))


add("instance_norm", [Input((2, 3, 4, 5)), Input((5,)), Input((5,))],
    lambda x, w, b: F.instance_norm(x, weight=w, bias=b))
add("instance_norm/plain", [Input((2, 6, 3))], lambda x: F.instance_norm(x, eps=1e-3))
add("local_response_norm", [Input((2, 2, 3, 7), -3, 3)], lambda x: F.local_response_norm(x, 5, alpha=0.5))
add("local_response_norm/even", [Input((2, 3, 5), -3, 3)],
    lambda x: F.local_response_norm(x, 4, alpha=2, beta=0.5, k=2))
cases.write()
