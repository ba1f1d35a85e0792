"""PyTorch's answers for strata/opcases/unary.cpp."""
import torch
from rule import Input, family

cases = family("unary")
for name, low, high in [
    ("exp", -4, 4), ("expm1", -4, 4), ("log", 0.1, 4), ("log1p", -0.9, 4), ("sqrt", 0.1, 4),
    ("rsqrt", 0.1, 4), ("reciprocal", 0.2, 4), ("sin", -7, 7), ("cos", -7, 7), ("tanh", -3, 3),
    ("erf", -3, 3), ("neg", -4, 4), ("abs", -4, 4), ("square", -4, 4), ("sign", -4, 4),
    ("floor", -4, 4), ("ceil", -4, 4), ("round", -4, 4),
]:
    cases.add(name, [Input((3, 5), low, high)], getattr(torch, name))
cases.write()
