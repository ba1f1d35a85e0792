"""PyTorch's answers for strata/opcases/select.cpp."""
import torch
from rule import Input, family

cases = family("select")
mask, wide = Input((3, 5), 0, 2, integer=True), Input((4, 5), -2, 2)
cases.add("where", [mask, Input((3, 5)), Input((5,))], lambda c, a, b: torch.where(c != 0, a, b))
cases.add("where/broadcast", [Input((3, 1), 0, 2, integer=True), Input((2, 1, 5)), Input(())],
          lambda c, a, b: torch.where(c != 0, a, b))
cases.add("where/number", [mask, Input((3, 5))], lambda c, b: torch.where(c != 0, 2.5, b))
cases.add("masked_fill", [mask, Input((2, 3, 5))], lambda c, x: x.masked_fill(c != 0, -7))
cases.add("clamp", [wide], lambda x: x.clamp(-0.5, 1))
cases.add("clamp/low", [wide], lambda x: x.clamp(min=0.25))
cases.add("clamp/high", [wide], lambda x: x.clamp(max=0.25))
cases.add("clamp/integers", [Input((4, 5), -4, 5, integer=True)], lambda x: x.clamp(-1, 2))
cases.add("clamp/tensors", [wide, Input((5,), -1, 0), Input((4, 1), -0.2, 1)],
          lambda x, low, high: x.clamp(low, high))
cases.add("clamp/tensor_high", [wide, Input((4, 5))], lambda x, high: x.clamp(max=high))
cases.write()
