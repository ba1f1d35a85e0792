"""PyTorch's answers for strata/opcases/unfold.cpp."""
import torch.nn.functional as F
from rule import Input, family

plain = dict(kernel_size=2)
options = dict(kernel_size=(2, 3), stride=(2, 1), padding=(1, 2), dilation=(2, 1))


def rows(y, taps):
    """[N, C * taps, windows] with the channels last: [N, windows, taps * C]."""
    n, width, windows = y.shape
    return y.reshape(n, width // taps, taps, windows).permute(0, 3, 2, 1).reshape(n, windows, width)


def columns(x, taps):
    n, windows, width = x.shape
    return x.reshape(n, windows, taps, width // taps).permute(0, 3, 2, 1).reshape(n, width, windows)


cases = family("unfold")
cases.add("unfold", [Input((2, 3, 4, 3))], lambda x: rows(F.unfold(x.permute(0, 3, 1, 2), **plain), 4))
cases.add("unfold/options", [Input((1, 5, 4, 2))],
          lambda x: rows(F.unfold(x.permute(0, 3, 1, 2), **options), 6))
cases.add("unfold/axis", [Input((2, 7, 3))], lambda x: x.unfold(1, 3, 2))
cases.add("fold", [Input((2, 6, 12))],
          lambda x: F.fold(columns(x, 4), (3, 4), **plain).permute(0, 2, 3, 1))
cases.add("fold/options", [Input((1, 18, 12))],
          lambda x: F.fold(columns(x, 6), (5, 4), **options).permute(0, 2, 3, 1))
cases.write()
