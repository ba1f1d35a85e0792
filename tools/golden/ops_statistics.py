"""PyTorch's answers for strata/opcases/statistics.cpp."""
import torch
from rule import Input, family

CUBE = [Input((3, 7, 4), -2, 2)]
TABLE = [Input((3, 9), -2, 2)]


def plain(x):
    """Without a gradient."""
    return Input(x.shape, x.low, x.high, grad=False)


cases = family("statistics")
cases.add("kthvalue", CUBE, lambda x: tuple(x.kthvalue(3, 1)))
cases.add("kthvalue/keep", CUBE, lambda x: tuple(x.kthvalue(4, -1, True)))
cases.add("nanmedian", CUBE, lambda x: tuple(x.nanmedian(1, True)))
cases.add("nanmedian/all", TABLE, torch.nanmedian)
cases.add("aminmax", CUBE, lambda x: (*x.aminmax(dim=1), *x.aminmax()))
cases.add("mode", [Input((5, 12), 0, 4, integer=True)], lambda x: tuple(x.mode()))
cases.add("mode/different", CUBE, lambda x: tuple(x.mode(1, True)))
cases.add("cov", TABLE, lambda x: (x.cov(), x.cov(correction=0)))
cases.add("cov/one", [Input((9,))], torch.cov)
cases.add("corrcoef", [plain(x) for x in TABLE], torch.corrcoef)
cases.write()
