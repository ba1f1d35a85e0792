"""PyTorch's answers for strata/opcases/integrals.cpp."""
import torch
from rule import Input, family

cases = family("integrals")
Y, X = Input((2, 5, 3)), Input((5,))
cases.add("trapezoid", [Y], lambda y: (torch.trapezoid(y), torch.trapezoid(y, dx=0.5, dim=1)))
cases.add("trapezoid/at", [Y, X, Input((5, 1))],
          lambda y, a, b: (torch.trapezoid(y, a, dim=1), torch.trapezoid(y, b, dim=-2),
                           torch.trapezoid(y[0, :, 0], a)))
cases.add("cumulative_trapezoid", [Y, X],
          lambda y, x: (torch.cumulative_trapezoid(y, dx=2, dim=0),
                        torch.cumulative_trapezoid(y, x, dim=1)))
cases.write()
