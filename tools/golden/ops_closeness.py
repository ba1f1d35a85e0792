"""PyTorch's answers for strata/opcases/closeness.cpp."""
import torch
from rule import Input, family

cases = family("closeness")
cases.add("isclose", [Input((4, 6)), Input((6,), -0.1, 0.1)],
          lambda a, b: torch.isclose(a, a + b, 0.05, 0.02))
cases.write()
