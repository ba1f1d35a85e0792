"""PyTorch's answers for strata/opcases/bilinear.cpp."""
import torch.nn.functional as F
from rule import Input, family

cases = family("bilinear")
cases.add("bilinear", [Input((2, 3, 4)), Input((2, 3, 5)), Input((6, 4, 5)), Input((6,))], F.bilinear)
cases.add("bilinear/no_bias", [Input((7,)), Input((1,)), Input((3, 7, 1))], F.bilinear)
cases.write()
