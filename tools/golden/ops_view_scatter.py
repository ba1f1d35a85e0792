"""PyTorch's answers for strata/opcases/view_scatter.cpp."""
import torch
from rule import Input, family

CUBE = Input((4, 3, 5))

cases = family("view_scatter")
cases.add("select_scatter", [CUBE, Input((4, 5)), Input((3, 5))],
          lambda x, a, b: (torch.select_scatter(x, a, 1, -1), torch.select_scatter(x, b, 0, 2)))
cases.add("slice_scatter", [CUBE, Input((4, 3, 2)), Input((2, 3, 5))],
          lambda x, a, b: (torch.slice_scatter(x, a, -1, 1, -1, 2),
                           torch.slice_scatter(x, b, 0, 2)))
cases.add("diagonal_scatter", [CUBE, Input((3, 4)), Input((5, 2))],
          lambda x, a, b: (torch.diagonal_scatter(x, a, 1, 0, 2),
                           torch.diagonal_scatter(x, b, -2)))
cases.write()
