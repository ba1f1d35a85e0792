"""PyTorch's answers for strata/opcases/unary.cpp."""
import torch
from rule import Input, family

cases = family("unary")
cases.add("exp", [Input((3, 5), -4, 4)], torch.exp)
cases.write()
