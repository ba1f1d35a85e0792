"""PyTorch's answers for strata/opcases/sort.cpp."""
import torch
from rule import Input, family

cases = family("sort")
cube, row = Input((3, 5, 4), -2, 2), Input((1, 200), -2, 2, grad=False)
ties, numbers = Input((4, 200), -5, 5, integer=True), Input((3, 7), -2, 2, grad=False)
line = Input((40,), -9, 9, integer=True)


def search(right):
    return lambda s, v: torch.searchsorted(s.sort()[0].contiguous(), v, right=right)


cases.add("sort", [cube], lambda x: tuple(x.sort(stable=True)))
cases.add("sort/middle", [cube], lambda x: tuple(x.sort(dim=1, descending=True, stable=True)))
cases.add("sort/long", [row], lambda x: tuple(x.sort(dim=1, descending=True, stable=True)))
cases.add("sort/ties", [ties], lambda x: tuple(x.sort(stable=True)))
cases.add("argsort/ties", [ties], lambda x: x.argsort(descending=True, stable=True))
cases.add("searchsorted", [numbers, Input((3, 4), -3, 3, grad=False)], search(False))
cases.add("searchsorted/one_row", [Input((9,), -2, 2, grad=False), numbers], search(False))
cases.add("searchsorted/left", [line, ties], search(False))
cases.add("searchsorted/right", [line, ties], search(True))
cases.add("isin", [ties, Input((2, 3), -9, 9, integer=True)],
          lambda x, v: (torch.isin(x, v), torch.isin(x, v, invert=True)))
cases.add("bucketize", [ties, Input((9,), -4, 4, integer=True)],
          lambda x, b: torch.bucketize(x, b.sort()[0], right=True))
cases.write()
