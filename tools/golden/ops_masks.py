"""PyTorch's answers for strata/opcases/masks.cpp."""
import torch
from rule import Input, family


def flags(shape):
    return Input(shape, grad=False)


cases = family("masks")
cases.add("masked_scatter", [Input((3, 5)), flags((3, 5)), Input((4, 4))],
          lambda x, m, s: torch.masked_scatter(x, m > 0, s))
cases.add("masked_scatter/broadcast", [Input((4, 1, 3)), flags((5, 1)), Input((60,))],
          lambda x, m, s: torch.masked_scatter(x, m > 0, s))
cases.add("count_nonzero", [Input((3, 4, 5), -1, 2, integer=True)],
          lambda x: (x.count_nonzero(), x.count_nonzero((0, -1)), x.count_nonzero(1)[:, None]))
cases.write()
