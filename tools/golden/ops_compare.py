"""PyTorch's answers for strata/opcases/compare.cpp."""
import torch
from rule import Input, family

cases = family("compare")
small, row = Input((4, 5), 0, 3, integer=True), Input((5,), 0, 3, integer=True)
for name in ["eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or",
             "logical_xor"]:
    cases.add(name, [small, row], getattr(torch, name))
cases.add("gt/floating", [Input((4, 5)), Input((4, 1))], torch.gt)
for name in ["logical_not", "isnan", "isinf", "isfinite"]:
    cases.add(name, [Input((4, 5))], getattr(torch, name))
cases.write()
